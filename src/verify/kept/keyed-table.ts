/**
 * 32-bit values by 64-bit keys that are as good as random: 12 bytes a slot, a third to two thirds of them used. That two of
 * a million draws have one key by chance happens once in some forty million days.
 */
export class KeyedTable {
  size = 0;
  values: Uint32Array;
  #high: Uint32Array;
  #low: Uint32Array;
  #mask: number;

  constructor(slots = 1 << 12) {
    this.values = new Uint32Array(slots);
    this.#high = new Uint32Array(slots);
    this.#low = new Uint32Array(slots);
    this.#mask = slots - 1;
  }

  /** The value of a key; 0 where there is none. */
  get(high: number, low: number): number {
    return this.values[this.#slotOf(high, low)] ?? 0;
  }

  /** `value` is not 0. */
  set(high: number, low: number, value: number): void {
    const slot = this.#slotOf(high, low);
    if (this.values[slot] === 0) {
      this.#high[slot] = high;
      this.#low[slot] = low;
      this.size += 1;
    }
    this.values[slot] = value;
    if (this.size * 3 > this.values.length * 2) this.#grow();
  }

  /** The slot that has the key, else the free one where it goes. */
  #slotOf(high: number, low: number): number {
    let slot = (low ^ high) & this.#mask;
    while (
      this.values[slot] !== 0 &&
      (this.#high[slot] !== high || this.#low[slot] !== low)
    ) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  #grow(): void {
    const larger = new KeyedTable(this.values.length * 2);
    for (const [slot, value] of this.values.entries()) {
      if (value !== 0) {
        larger.set(this.#high[slot] ?? 0, this.#low[slot] ?? 0, value);
      }
    }
    this.values = larger.values;
    this.#high = larger.#high;
    this.#low = larger.#low;
    this.#mask = larger.#mask;
  }
}
