import fc from "fast-check";
import { post, type Request, toBytes } from "./requests.js";

/** One thing wrong with a draw that is right in all else. */
const SPOILS: Record<string, (draw: Request, name: string) => Request> = {
  "an unknown field": (_, name) =>
    post("/draw", JSON.stringify({ username: name, admin: true })),
  "a prototype": (_, name) =>
    post("/draw", `{"username":"${name}","__proto__":{"x":1}}`),
  "in a list": (_, name) => post("/draw", `[{"username":"${name}"}]`),
  "not closed": (_, name) => post("/draw", `{"username":"${name}"`),
  "twice closed": (_, name) => post("/draw", `{"username":"${name}"}}`),
  "a byte order mark": (_, name) =>
    post("/draw", `\ufeff\ufeff{"username":"${name}"}`),
  "too long": (_, name) =>
    post("/draw", `{"username":"${name}"}${" ".repeat(5_000)}`),
  "a byte that is no UTF-8": (_, name) => ({
    ...post("/draw", ""),
    body: Buffer.from(`{"username":"${name}\u00ff"}`, "latin1"),
  }),
  "a type that is not JSON": (draw) => ({
    ...draw,
    headers: [
      ["host", "x"],
      ["content-type", "text/plain"],
    ],
  }),
  "no type": (draw) => ({ ...draw, headers: [["host", "x"]] }),
  "another encoding": (draw) => ({
    ...draw,
    headers: [
      ["host", "x"],
      ["content-type", "application/json; charset=utf-16"],
    ],
  }),
  "no Host": (draw) => ({ ...draw, headers: draw.headers.slice(1) }),
  "an odd key": (draw) => ({
    ...draw,
    headers: [...draw.headers, ["idempotency-key", "a b"]],
  }),
  "two lengths": (draw) => ({
    ...draw,
    headers: [...draw.headers, ["content-length", "3"]],
  }),
  "a header flood": (draw) => ({
    ...draw,
    headers: [...draw.headers, ["x", "x".repeat(17_000)]],
  }),
  "another method": (draw) => ({ ...draw, method: "PUT" }),
  "another path": (draw) => ({ ...draw, target: "/draw/" }),
};

export const spoils = fc.constantFrom(...Object.keys(SPOILS));

/** A user's draw with one thing wrong with it. */
export function spoiled(what: string, name: string): Buffer {
  const draw = post("/draw", JSON.stringify({ username: name }));
  return toBytes(SPOILS[what]?.(draw, name) ?? draw);
}
