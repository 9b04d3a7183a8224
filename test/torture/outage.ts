import { bound } from "../support/slowdown.js";
import { broken, type Finding, seen } from "./audit.js";
import type { Entry } from "./journal.js";

/** A fault that was, in milliseconds of the run. */
export type Struck<Kind extends string = string> = {
  kind: Kind;
  slot: number;
  from: number;
  to: number;
  /** began after the one before was healed */
  alone: boolean;
};

/** What a fault of this kind strikes: one server, or all. */
const strikesOne = (kind: string) =>
  !/^(redis|postgres|master|shard): /.test(kind);

/**
 * The milliseconds from the end of a fault to the first draw that a server struck by it answers, the slowest server's.
 * Undefined where another fault came before it could be told.
 */
export function unavailability(
  journal: Entry[],
  fault: Struck,
  all: Struck[],
): number | undefined {
  const next = all.filter(({ from }) => from > fault.from)[0];
  if (!fault.alone || next?.alone === false) return undefined;
  const slots = new Set(journal.map(({ slot }) => slot));
  const struck = strikesOne(fault.kind) ? [fault.slot] : [...slots];
  const outages = struck.map((slot) => {
    const first = journal
      .filter(
        (it) => it.slot === slot && it.status === 200 && it.at >= fault.to,
      )
      .reduce((least, { at, took }) => Math.min(least, at + took), Infinity);
    return first - fault.to;
  });
  const longest = Math.max(...outages);
  return Number.isFinite(longest) ? longest : undefined;
}

/** How long a caller may wait for an answer, in milliseconds. */
export const LONGEST = 2_000;

/** Requests that had no answer in time, apart from those at a server that was itself stopped. */
export function late(
  journal: Entry[],
  struck: Struck[],
  longest = bound(LONGEST),
): Finding[] {
  const stopped = struck.filter(({ kind }) => kind === "server: SIGSTOP");
  const all = journal.filter(({ took }) => took > longest);
  const excused = all.filter(({ slot, at, took }) =>
    stopped.some(
      (fault) =>
        fault.slot === slot && at < fault.to + 500 && at + took > fault.from,
    ),
  );
  return [
    broken(
      "answers later than two seconds",
      all.filter((entry) => !excused.includes(entry)),
    ),
    seen("… at a server that was itself stopped by SIGSTOP", excused),
  ];
}
