/** What all workers of a server counted, whichever of them is asked. */
export type Sums = {
  /** All but what the stores hold, in Prometheus's format. */
  metrics(): Promise<string>;
  /** How many requests each failure was told; never rejects. */
  refusals(): Promise<Record<string, number>>;
};
