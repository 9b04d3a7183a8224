import type { Range } from "../log/table.js";
import { Wrong } from "../report.js";
import { inWords } from "../rules/ranges.js";

/** Numbers that a shard held, and when. */
export type Holding = {
  shard: number;
  prize: string;
  pool: "all" | "day";
  range: Range;
  since: number;
  until: number;
  line: number;
};

/** Clocks of servers differ: shards whose times overlap by less did not hold both. */
const APART_MS = 1_000;

/** What each shard held, by its L lines. */
export class Holdings {
  readonly all: Holding[] = [];
  #open: Holding[] = [];

  beginLog(): void {
    this.#open = [];
  }

  hold(holding: Omit<Holding, "until">): void {
    const open = { ...holding, until: Number.POSITIVE_INFINITY };
    this.all.push(open);
    this.#open.push(open);
  }

  /** A part of what is held goes back. */
  cut(prize: string, pool: "all" | "day", [from, to]: Range, at: number): void {
    const open = this.#open.find(
      (it) =>
        it.prize === prize &&
        it.pool === pool &&
        it.range[0] <= from &&
        it.range[1] >= to,
    );
    if (!open) return;
    this.all.push({ ...open, range: [from, to], until: at });
    open.range = [open.range[0], from - 1];
  }

  /** All that the log's shard holds ends here. */
  end(at: number): void {
    for (const open of this.#open) open.until = at;
    this.#open = [];
  }

  /** No two shards may hold one number at a time. */
  check(): void {
    const sorted = this.all
      .filter(({ range }) => range[0] <= range[1])
      .sort((a, b) => a.range[0] - b.range[0]);
    const live = new Map<string, Holding[]>();
    for (const one of sorted) {
      const key = `${one.pool} ${one.prize}`;
      const others = (live.get(key) ?? []).filter(
        ({ range }) => range[1] >= one.range[0],
      );
      const other = others.find((it) => overlap(one, it));
      if (other) {
        const [first, second] =
          one.since < other.since ? [other, one] : [one, other];
        throw new Wrong(
          `of ${one.prize} ${inWords(first.range)} is held here, while shard ${second.shard} holds ${inWords(second.range)} by line ${second.line} of its log`,
          { file: `log-${first.shard}.tsv`, line: first.line },
        );
      }
      live.set(key, [...others, one]);
    }
  }
}

const overlap = (one: Holding, other: Holding): boolean =>
  one.shard !== other.shard &&
  Math.min(one.until, other.until) - Math.max(one.since, other.since) >
    APART_MS;
