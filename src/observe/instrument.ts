import type { Engine } from "../engine/engine.js";
import { Failure } from "../errors.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";
import { type Metrics, SCRIPTS } from "./metrics.js";

/** Arguments of draw.lua's call that are no keys and no draws: the number of keys, and the head of ARGV, whose last says whether each draw has two. */
const ARGS_BEFORE_DRAWS = 1 + 9;

/** Measures a client's calls of the scripts of `lua/`. Without metrics it is left as it is. */
export function measureScripts(redis: Redis, metrics?: Metrics): Redis {
  if (!metrics) return redis;
  const { scriptSeconds, scriptFailures, batchDraws } = metrics;
  for (const script of SCRIPTS) {
    const run = redis[script].bind(redis);
    redis[script] = (...args: (string | number)[]) => {
      const began = performance.now();
      const running = run(...args);
      running.then(
        () => scriptSeconds.observe({ script }, secondsSince(began)),
        () => scriptFailures.inc({ script }),
      );
      if (script === "draw") {
        const before = Number(args[0]) + ARGS_BEFORE_DRAWS;
        const isLogged = args[before - 1] !== 0;
        batchDraws.observe((args.length - before) / (isLogged ? 2 : 1));
      }
      return running;
    };
  }
  return redis;
}

/** The same Postgres, whose INSERTs are measured. */
export function measureInserts(
  postgres: Postgres,
  metrics?: Metrics,
): Postgres {
  if (!metrics) return postgres;
  const { insertSeconds, insertRows, statementFailures } = metrics;
  const query: Postgres["query"] = async (statement) => {
    const began = performance.now();
    try {
      const rows = await postgres.query(statement);
      if ("command" in rows && rows.command === "INSERT") {
        insertSeconds.observe(secondsSince(began));
        insertRows.observe(rows.count);
      }
      return rows;
    } catch (error) {
      // Else Postgres answered: it refused the data, and the rows are tried one by one.
      if (error instanceof Failure) statementFailures.inc();
      throw error;
    }
  };
  return { ...postgres, query };
}

/** The same engine, whose draws are counted. */
export function countDraws(
  engine: Engine,
  campaign: string,
  metrics?: Metrics,
): Engine {
  if (!metrics) return engine;
  const { drawn } = metrics;
  const draw: Engine["draw"] = (userId, idempotencyKey) => {
    const drawing = engine.draw(userId, idempotencyKey);
    drawing.then(
      ({ outcome }) => drawn(campaign, outcome),
      (error) => {
        // Nobody could draw: the refusal is counted by its code.
        if (!isClosed(error)) drawn(campaign, "failed");
      },
    );
    return drawing;
  };
  return { ...engine, draw };
}

const isClosed = (error: unknown) =>
  error instanceof Failure && error.code !== "UNAVAILABLE";

const secondsSince = (began: number) => (performance.now() - began) / 1_000;
