const FIRST = 1 << 10;

type Columns = {
  seq: Float64Array;
  unit: Float64Array;
  dayUnit: Float64Array;
  line: Uint32Array;
  high: Uint32Array;
  low: Uint32Array;
  personHigh: Uint32Array;
  personLow: Uint32Array;
  prize: Uint16Array;
  shard: Uint16Array;
  /** 1: by an R line */
  returned: Uint8Array;
  voided: Uint8Array;
};
type Column = keyof Columns;
export type Win = Record<Exclude<Column, "voided">, number>;

const columns = (size: number): Columns => ({
  seq: new Float64Array(size),
  unit: new Float64Array(size),
  dayUnit: new Float64Array(size),
  line: new Uint32Array(size),
  high: new Uint32Array(size),
  low: new Uint32Array(size),
  personHigh: new Uint32Array(size),
  personLow: new Uint32Array(size),
  prize: new Uint16Array(size),
  shard: new Uint16Array(size),
  returned: new Uint8Array(size),
  voided: new Uint8Array(size),
});

const NAMES = Object.keys(columns(0)).filter(
  (name): name is keyof Win => name !== "voided",
);

/** The wins of all logs of a day, in columns: some 50 bytes a win. */
export class Wins {
  count = 0;
  #columns = columns(FIRST);
  /** where the wins of the log that is read begin */
  #begin = 0;

  beginLog(): void {
    this.#begin = this.count;
  }

  add(win: Win): void {
    if (this.count === this.#columns.seq.length) this.#grow();
    for (const name of NAMES) this.#columns[name][this.count] = win[name];
    this.count += 1;
  }

  at(row: number): Win & { isVoid: boolean } {
    const of = (name: Column) => this.#columns[name][row] ?? 0;
    return {
      seq: of("seq"),
      unit: of("unit"),
      dayUnit: of("dayUnit"),
      line: of("line"),
      high: of("high"),
      low: of("low"),
      personHigh: of("personHigh"),
      personLow: of("personLow"),
      prize: of("prize"),
      shard: of("shard"),
      returned: of("returned"),
      isVoid: of("voided") === 1,
    };
  }

  /** The row of the win with this seq in the log that is read; -1: there is none. */
  rowOf(seq: number): number {
    let [low, high] = [this.#begin, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#columns.seq[middle] ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.#columns.seq[low] === seq ? low : -1;
  }

  void(row: number): void {
    this.#columns.voided[row] = 1;
  }

  /** How many wins of a prize stand. */
  standing(prize: number): number {
    let sum = 0;
    for (let row = 0; row < this.count; row += 1) {
      if (this.#is(row, prize)) sum += 1;
    }
    return sum;
  }

  /** The numbers of a prize's units that stand, in order. */
  units(prize: number, name: "unit" | "dayUnit" = "unit"): Float64Array {
    const numbers = new Float64Array(this.standing(prize));
    let at = 0;
    for (let row = 0; row < this.count; row += 1) {
      if (this.#is(row, prize)) {
        numbers[at] = this.#columns[name][row] ?? 0;
        at += 1;
      }
    }
    return numbers.sort();
  }

  /** The second of the first two standing wins of a prize that have one number. */
  twice(prize: number, name: "unit" | "dayUnit"): Win | undefined {
    const numbers = this.units(prize, name);
    const doubled = new Set<number>();
    for (let n = 1; n < numbers.length; n += 1) {
      const number = numbers[n] ?? 0;
      if (number === numbers[n - 1]) doubled.add(number);
    }
    const seen = new Set<number>();
    for (let row = 0; doubled.size > 0 && row < this.count; row += 1) {
      const number = this.#columns[name][row] ?? 0;
      if (!doubled.has(number) || !this.#is(row, prize)) continue;
      if (seen.has(number)) return this.at(row);
      seen.add(number);
    }
    return undefined;
  }

  #is = (row: number, prize: number): boolean =>
    this.#columns.prize[row] === prize && this.#columns.voided[row] === 0;

  #grow(): void {
    const larger = columns(this.count * 2);
    for (const name of Object.keys(larger) as Column[]) {
      larger[name].set(this.#columns[name]);
    }
    this.#columns = larger;
  }
}
