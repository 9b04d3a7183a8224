import { existsSync, readFileSync } from "node:fs";
import t from "tap";
import { mutants } from "./mutants/table.js";

// To make all mistakes takes long; whether each still finds its place does not.

t.test("every mistake has its place in the code, and its test", async (t) => {
  t.ok(mutants.length > 250, `${mutants.length} mistakes`);
  for (const { name, file, find, test } of mutants) {
    const places = readFileSync(file, "utf8").split(find).length - 1;
    t.equal(places, 1, `${name}: ${file}`);
    t.ok(existsSync(test), `${name}: ${test}`);
  }
});
