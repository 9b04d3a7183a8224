/** What a question is asked with. */
export type Asking = {
  /** fewer rounds and smaller amounts: under two minutes for all questions */
  quick: boolean;
  /** told what takes time, a line each */
  say: (line: string) => void;
};

/** A target of ours, and whether the run met it. */
export type Target = {
  what: string;
  wanted: string;
  got: string;
  met: boolean;
};

export type Table = { title: string; rows: Record<string, string | number>[] };

/** An echarts option, and the name of the SVG that it makes. */
export type Chart = { file: string; option: object };

export type Answer = {
  tables: Table[];
  targets: Target[];
  charts?: Chart[];
  /** what the audit found that must not be */
  problems?: string[];
};

/** One question that the README's figures answer; its file is named after it. */
export type Question = (asking: Asking) => Promise<Answer>;

export const atLeast = (
  what: string,
  wanted: number,
  got: number,
  unit = "",
): Target => ({
  what,
  wanted: `at least ${wanted}${unit}`,
  got: `${round(got)}${unit}`,
  met: got >= wanted,
});

export const atMost = (
  what: string,
  wanted: number,
  got: number,
  unit = "",
): Target => ({
  what,
  wanted: `at most ${wanted}${unit}`,
  got: `${round(got)}${unit}`,
  met: got <= wanted,
});

/** Three digits that count. */
export const round = (n: number) =>
  Math.abs(n) >= 100 ? Math.round(n) : Number(n.toPrecision(3));
