import assert from "node:assert/strict";
import { type Answer, objection } from "./answers.js";
import { noted, type TryAt, tryAll, tryAtOnce } from "./command.js";
import {
  decide,
  forget,
  type Model,
  midnight,
  nameOf,
  type Outcome,
  tell,
} from "./model.js";
import { isRefused } from "./table.js";
import type { Real } from "./world.js";

/** Who finishes a win that a fault left behind. */
type End = "retry" | "sweep";

export async function restartRedis(
  model: Model,
  real: Real,
  how: "stop" | "kill",
  one: TryAt,
) {
  try {
    await real.stores.redis[how]();
    assertUnavailable(await send(model, real, one));
  } finally {
    await real.stores.redis.start();
  }
  await real.serving();
}

export async function emptyRedis(
  model: Model,
  real: Real,
  notice: string,
  one: TryAt,
) {
  const [reader = 0] = isRefused(model.rows) ? readers(model) : [one.server];
  await real.all(({ process }) => process.ask("idle"));
  await real.redis.flushall();
  forget(model);
  if (notice === "a draw") {
    await tryAtOnce(model, real, [{ ...one, server: reader }]);
  } else if (notice === "the look every second") {
    await real.at(reader).process.ask("tick");
  } else {
    await real.redis.call("CLIENT", "KILL", "TYPE", "normal");
    await real.serving();
  }
}

export async function restartPostgres(
  model: Model,
  real: Real,
  how: "stop" | "kill",
  tries: TryAt[],
  end: End,
) {
  await real.whole(model);
  try {
    await real.stores.postgres[how]();
    for (const one of tries) await tryWithoutPostgres(model, real, one);
  } finally {
    await real.stores.postgres.start();
  }
  await real.serving();
  await finish(model, real, tries, end);
}

export async function interrupt(
  model: Model,
  real: Real,
  what: string,
  one: TryAt,
  end: End,
): Promise<void> {
  await real.whole(model);
  await real.setRoll(one.roll);
  const outcome = decide(model, one);
  const name = nameOf(model, one.user);
  const release = await real.holdResults();
  try {
    if (what === "midnight") {
      const answering = real.draw(one.server, name, one.key);
      await real.held();
      model.now = midnight(model);
      await real.setNow(model);
      await release();
      assertAnswer(model, outcome, await answering);
      tell(model, outcome);
      await noted(model, real, one.user);
      return;
    }
    const hangUp = real.drawAndLeave(one.server, name, one.key);
    await real.held();
    if (what === "kill -9") await kill(model, real, one.server);
    else await hangUp();
  } finally {
    await release();
  }
  await finish(model, real, [one], end);
}

export async function lose(
  model: Model,
  real: Real,
  store: "redis" | "postgres",
  what: "request" | "reply",
  nth: number,
  one: TryAt,
  end: End,
): Promise<void> {
  await real.whole(model);
  await real.loadScript();
  await real.setRoll(one.roll);
  const name = nameOf(model, one.user);
  const before = structuredClone(model);
  const outcome = decide(model, one);
  const loss = real.links[one.server]?.[store].lose(name, what, nth);
  const answer = await send(model, real, one);
  const isAnswered = answer.status === 200 || answer.status === 410;
  if (isAnswered) {
    assertAnswer(model, outcome, answer);
    tell(model, outcome);
    await noted(model, real, one.user);
  }
  const happened = await loss?.end();
  if (!isAnswered) {
    assert.ok(happened, "503 without a reason");
    assertUnavailable(answer);
    if (store === "redis" && what === "request") Object.assign(model, before);
  }
  await real.serving();
  await finish(model, real, [one], end);
}

export async function kill(model: Model, real: Real, n: number): Promise<void> {
  model.servers[n] = { up: false, readGood: false };
  await real.kill(n);
}

export async function start(
  model: Model,
  real: Real,
  n: number,
): Promise<void> {
  model.servers[n] = { up: true, readGood: !isRefused(model.rows) };
  await real.start(n, model.now);
}

/** The servers that have read the prizes in force from Postgres. */
export const readers = ({ servers }: Model) =>
  [...servers.keys()].filter((n) => servers[n]?.readGood);

async function tryWithoutPostgres(model: Model, real: Real, one: TryAt) {
  await real.setRoll(one.roll);
  const outcome = decide(model, one);
  const answer = await send(model, real, one);
  if (outcome.kind === "won") assertUnavailable(answer);
  else assertAnswer(model, outcome, answer);
}

/** Brings the wins that a fault left behind to their end. */
async function finish(model: Model, real: Real, tries: TryAt[], end: End) {
  if (end === "retry") await tryAll(model, real, tries);
  else await real.sweepAll(tries[0]?.server ?? 0);
  await real.sweepAll(0);
}

const send = (model: Model, real: Real, { server, user, key }: TryAt) =>
  real.draw(server, nameOf(model, user), key);

function assertUnavailable({ status, body }: Answer): void {
  assert.equal(status, 503, JSON.stringify(body));
  assert.equal(body.code, "UNAVAILABLE");
}

function assertAnswer(model: Model, outcome: Outcome, answer: Answer): void {
  assert.equal(objection(model, outcome, answer), undefined);
}
