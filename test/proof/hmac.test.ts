import { createHmac } from "node:crypto";
import t from "tap";
import { createHmacOf } from "../../src/proof/notes/hmac.js";

t.test("an HMAC is that of the library, for texts of any length", async (t) => {
  const key = Buffer.from("5c".repeat(16) + "a1".repeat(16), "hex");
  const hmacOf = createHmacOf(key);
  const texts = ["", "a", "Zoë\n1\n0", "€".repeat(90), "u".repeat(5_000), "a"];
  for (const text of texts) {
    const right = createHmac("sha256", key).update(text);
    const bytes = right.digest();
    t.equal(hmacOf(text, "hex"), bytes.toString("hex"), text.slice(0, 9));
    t.equal(hmacOf(text, "binary"), bytes.toString("latin1"));
  }
});
