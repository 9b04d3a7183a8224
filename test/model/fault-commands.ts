import fc from "fast-check";
import {
  anyServer,
  anyTry,
  bothUp,
  command,
  foresee,
  show,
  tryAtOnce,
  type Weighted,
} from "./command.js";
import {
  emptyRedis,
  interrupt,
  kill,
  lose,
  readers,
  restartPostgres,
  restartRedis,
  start,
} from "./faults.js";
import { isRefused } from "./table.js";

/** Who finishes a win that a fault left behind: its user's next try, or a sweeper. */
const anyEnd = fc.constantFrom<"retry" | "sweep">("retry", "sweep");

const anyStop = fc.constantFrom<"stop" | "kill">("stop", "kill");

const scriptFlush = fc.constant(
  command("SCRIPT FLUSH", "", async (_model, { redis }) => {
    await redis.script("FLUSH");
  }),
);

/** Redis ends and comes back; a try in between decides nothing. */
const redisAway = fc
  .tuple(anyStop, anyTry)
  .map(([how, one]) =>
    command(`Redis away: ${how}`, `meanwhile ${show(one)}`, (model, real) =>
      restartRedis(model, real, how, one),
    ),
  );

/** Redis loses everything, which a draw, the look every second, or a new connection brings to light. */
const redisEmptied = fc
  .tuple(
    fc.constantFrom("a draw", "the look every second", "new connections"),
    anyTry,
  )
  .map(([notice, one]) =>
    command(
      `Redis emptied: ${notice}`,
      notice === "a draw" ? show(one) : "",
      (model, real) => emptyRedis(model, real, notice, one),
      // A table that Postgres refuses and no server has read while it was good is known to nobody.
      (model) => !isRefused(model.rows) || readers(model).length > 0,
    ),
  );

/** Postgres ends and comes back: meanwhile those who win nothing are answered, and wins are decided behind a 503. */
const postgresAway = fc
  .tuple(anyStop, fc.array(anyTry, { maxLength: 2 }), anyEnd)
  .map(([how, tries, end]) =>
    command(
      `Postgres away: ${how}`,
      `meanwhile (${tries.map(show).join("; ")}), then ${end}`,
      (model, real) => restartPostgres(model, real, how, tries, end),
    ),
  );

/** A server ends by kill -9 and another takes its place, at once or later. */
const killServer = fc
  .tuple(anyServer, anyTry, fc.boolean())
  .map(([n, one, now]) =>
    command(
      "kill -9 of a server",
      `${n}, then ${show(one)}`,
      async (model, real) => {
        await kill(model, real, n);
        if (now) await start(model, real, n);
        await tryAtOnce(model, real, [one]);
      },
      bothUp,
    ),
  );

const startServer = fc.constant(
  command(
    "start of a server",
    "",
    async (model, real) => {
      const n = model.servers.findIndex(({ up }) => !up);
      await start(model, real, n);
    },
    (model) => !bothUp(model),
  ),
);

/** A try whose win is decided while Postgres is held: whatever happens to it then, the win is kept. */
const underWay = fc
  .tuple(fc.constantFrom("kill -9", "hang-up", "midnight"), anyTry, anyEnd)
  .map(([what, one, end]) =>
    command(
      `win under way: ${what}`,
      `${show(one)}, then ${end}`,
      (model, real) => interrupt(model, real, what, one, end),
      (model) => bothUp(model) && foresee(model, one).kind === "won",
    ),
  );

/** The link between a server and a store breaks at a request or at its reply. */
const lost = fc
  .record({
    store: fc.constantFrom<"redis" | "postgres">("redis", "postgres"),
    what: fc.constantFrom<"request" | "reply">("request", "reply"),
    /** Redis's first one decides, the second notes the delivery */
    nth: fc.constantFrom(1, 2),
    one: anyTry,
    end: anyEnd,
  })
  .map(({ store, what, nth, one, end }) =>
    command(
      `message lost: ${store} ${what}`,
      `number ${nth} of ${show(one)}, then ${end}`,
      (model, real) => lose(model, real, store, what, nth, one, end),
      bothUp,
    ),
  );

export const faultCommands: Weighted[] = [
  { weight: 3, arbitrary: redisEmptied },
  { weight: 3, arbitrary: lost },
  { weight: 4, arbitrary: underWay },
  { weight: 1, arbitrary: killServer },
  { weight: 3, arbitrary: startServer },
  { weight: 1, arbitrary: redisAway },
  { weight: 1, arbitrary: postgresAway },
  { weight: 1, arbitrary: scriptFlush },
];
