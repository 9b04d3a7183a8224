import { unavailable } from "../../errors.js";
import type { Postgres } from "../../stores/postgres.js";

/** Reads that may wait for their turn. */
const MOST_WAITING = 200;

const TOO_MANY = new Error("too many read proofs");

/** The same Postgres for one statement at a time, so that draws have the other links. More than a few hundred are refused. */
export function inTurn(postgres: Postgres): Postgres {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    ...postgres,
    query: (statement) => {
      if (waiting >= MOST_WAITING) return Promise.reject(unavailable(TOO_MANY));
      waiting += 1;
      const run = last.then(() => postgres.query(statement));
      last = run.then(leave, leave);
      return run;
    },
  };

  function leave(): void {
    waiting -= 1;
  }
}
