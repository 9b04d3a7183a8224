import type { Range } from "../log/table.js";
import { Wrong } from "../report.js";
import { inWords } from "./ranges.js";

/** The numbers of a prize's units, ever or of a day. */
export type Pool = {
  /** units counted so far */
  counter: number;
  /** The number that goes next where so many may go; 0: there is none. */
  next(quota: number): number;
  /** Takes what `next` gave. */
  take(number: number): void;
};

/** Numbers of one shard: the next one, but first those that came back. */
export class CountedPool implements Pool {
  counter = 0;
  #spare: Range[] = [];
  #spares = 0;

  set(counter: number, spare: Range[]): void {
    this.counter = counter;
    this.#spare = spare.map(([first, last]) => [first, last]);
    this.#spares = spare.reduce((sum, [a, b]) => sum + b - a + 1, 0);
  }

  next(quota: number): number {
    const first = this.#spare[0]?.[0];
    if (
      first !== undefined &&
      first <= quota &&
      this.counter - this.#spares < quota
    ) {
      return first;
    }
    return this.counter < quota ? this.counter + 1 : 0;
  }

  take(number: number): void {
    const range = this.#spare[0];
    if (!range || range[0] !== number) {
      this.counter = number;
      return;
    }
    this.#spares -= 1;
    if (range[0] === range[1]) this.#spare.shift();
    else range[0] += 1;
  }

  spare(): Range[] {
    return this.#spare;
  }
}

export type Stretch = { from: number; next: number; to: number };

/** Numbers that a shard of several holds. */
export class HeldPool implements Pool {
  counter = 0;
  readonly stretches: Stretch[] = [];

  next(quota: number): number {
    const [lowest] = this.stretches;
    return lowest && lowest.next <= quota ? lowest.next : 0;
  }

  take(number: number): void {
    const stretch = this.stretches.find((it) => it.next === number);
    if (stretch) stretch.next += 1;
    this.counter += 1;
    this.#dropEmpty(stretch);
  }

  /** By an L line. Returns what was cut, where it cuts. */
  hold(from: number, to: number): Range | undefined {
    // A cut names where the stretch began, or its first number that is left.
    const cut = this.stretches.find(
      (it) => it.from === from || it.next === from,
    );
    if (cut) {
      if (to >= cut.to)
        throw new Wrong(`${inWords([from, cut.to])} is held already`);
      if (to < cut.next - 1) {
        throw new Wrong(
          `numbers up to ${cut.next - 1} are taken, so none of them can be cut`,
        );
      }
      const gone: Range = [to + 1, cut.to];
      cut.to = to;
      this.#dropEmpty(cut);
      return gone;
    }
    if (from < 1 || to < from)
      throw new Wrong(`${from} to ${to} are no numbers`);
    const other = this.stretches.find((it) => it.next <= to && it.to >= from);
    if (other) {
      throw new Wrong(
        `of ${inWords([from, to])} this shard holds some already`,
      );
    }
    this.stretches.push({ from, next: from, to });
    this.stretches.sort((a, b) => a.next - b.next);
    return undefined;
  }

  #dropEmpty(stretch: Stretch | undefined): void {
    if (!stretch || stretch.next <= stretch.to) return;
    this.stretches.splice(this.stretches.indexOf(stretch), 1);
  }
}
