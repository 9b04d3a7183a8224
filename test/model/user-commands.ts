import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { type Body, post } from "../support/post.js";
import {
  anyServer,
  anyTry,
  anyUser,
  command,
  show,
  tryAtOnce,
  type Weighted,
} from "./command.js";
import { type Model, nameOf, type Win } from "./model.js";
import type { Real } from "./world.js";

const PHONES = ["+85291234567", "+85261234567"];

/** One try of one user, first or repeated, with a key or without. */
const draw = anyTry.map((one) =>
  command("draw", show(one), (model, real) => tryAtOnce(model, real, [one])),
);

/** Tries of the same few users at once, and perhaps sweepers that find their wins in the outbox. */
const drawsAtOnce = fc
  .tuple(fc.array(anyTry, { minLength: 2, maxLength: 4 }), fc.boolean())
  .map(([tries, sweeping]) => {
    const kind = sweeping ? "draws at once: swept" : "draws at once";
    const details = `(${tries.map(show).join("; ")})`;
    return command(kind, details, (model, real) => {
      const sweep = () => real.all(({ process }) => process.ask("sweep"));
      return tryAtOnce(model, real, tries, sweeping ? sweep : undefined);
    });
  });

/** Somebody redeems the latest, or an earlier, result of a user, or one that does not exist. */
const redeem = fc
  .record({
    user: anyUser,
    owner: anyUser,
    earlier: fc.nat({ max: 2 }),
    phone: fc.option(fc.constantFrom(...PHONES), { freq: 2 }),
    server: anyServer,
    method: fc.constantFrom("GET", "POST"),
  })
  .map((one) => {
    const number = one.phone ?? "no phone number";
    const which = `${one.owner}'s result -${one.earlier + 1}`;
    return command(
      "redeem",
      `${which} by ${one.user} with ${number} at ${one.server} by ${one.method}`,
      (model, real) => redeemAsPromised(model, real, one),
    );
  });

export const userCommands: Weighted[] = [
  { weight: 9, arbitrary: draw },
  { weight: 4, arbitrary: drawsAtOnce },
  { weight: 3, arbitrary: redeem },
];

type Redeem = {
  user: string;
  owner: string;
  earlier: number;
  phone: string | null;
  server: number;
  method: string;
};

async function redeemAsPromised(model: Model, real: Real, one: Redeem) {
  const { user, owner, earlier, phone } = one;
  // After a loss a win is told once more, unless it is redeemed before it comes back.
  if (model.wins.some((win) => win.user === owner && !win.told)) {
    await real.whole(model);
  }
  const win = model.wins.filter((win) => win.user === owner).at(-1 - earlier);
  const username = nameOf(model, user);
  const fields = { id: win?.id ?? randomUUID(), username };
  const answer = await send(
    real,
    one,
    phone ? { ...fields, phone_no: phone } : fields,
  );
  if (!win?.id || user !== owner) {
    assert.equal(answer.status, 404);
    assert.equal(answer.body.code, "RESULT_NOT_FOUND");
    return;
  }
  const before = win.redeemed;
  if (before?.phone && before.phone !== phone) {
    assert.equal(answer.status, 409);
    assert.equal(answer.body.code, "ALREADY_REDEEMED");
    return;
  }
  win.redeemed = { at: before?.at ?? model.now, phone: before?.phone ?? phone };
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(answer.body.data?.result, redeemed(model, win));
}

function redeemed(model: Model, win: Win) {
  return {
    id: win.id,
    user_id: nameOf(model, win.user),
    prize_id: win.prize,
    created_at: new Date(win.at).toISOString(),
    phone_no: win.redeemed?.phone ?? null,
    redeemed_at: new Date(win.redeemed?.at ?? 0).toISOString(),
  };
}

async function send(
  real: Real,
  { server, method }: Redeem,
  fields: Record<string, string>,
) {
  const url = `${real.at(server).url}/redeem`;
  if (method === "POST") return post(url, fields);
  const answer = await fetch(`${url}?${new URLSearchParams(fields)}`);
  return { status: answer.status, body: (await answer.json()) as Body };
}
