/** A prize in force, as T lines have it. */
export type LoggedPrize = {
  id: string;
  odds_to: number;
  daily_quota: number | null;
  total_quota: number | null;
  fallback: boolean;
  /** some moments may be its own */
  moments: boolean;
  /** from and to, in milliseconds */
  release: [number, number] | null;
};

export type LoggedRules = {
  starts_at: number | null;
  ends_at: number | null;
  draws_per_day: number;
  wins_per_user: number | null;
  inactive: boolean;
};

/** How the JSON of a T line begins, without its brace: the table and the rules of a day. */
export const tableText = (prizes: LoggedPrize[], rules: LoggedRules): string =>
  JSON.stringify({ prizes, rules }).slice(1, -1);
