/** A moment in UTC, to the second. */
export const moment = (at: Date | number | string | null): string =>
  at === null
    ? ""
    : new Date(at)
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, " UTC");

export const count = (n: number): string => n.toLocaleString("en");

export const tenths = (n: number): string =>
  n.toLocaleString("en", {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });

/** With enough digits for small odds. */
export const percent = (odds: number): string =>
  `${Number((odds * 100).toPrecision(6))} %`;

export const quota = (units: number | null): string =>
  units === null ? "unlimited" : count(units);

/** A few significant digits, and never 0. */
export const probability = (p: number): string =>
  p < 1e-12 ? "below 0.000000000001" : String(Number(p.toPrecision(3)));

const NAMES: Record<string, string> = {
  probability: "odds",
  daily_quota: "daily quota",
  total_quota: "total quota",
  release_from: "released from",
  release_to: "released until",
  time_zone: "time zone",
  starts_at: "start",
  ends_at: "end",
  draws_per_day: "draws a day",
  wins_per_user: "wins a user",
  claim_days: "days to claim",
  proof_names: "names in proofs",
};

/** Ids that stand in a column of their own. */
const SHOWN = ["id", "campaign_id"];

/** What differs between two states, field by field. */
export function differences(
  before: Record<string, unknown> | null,
  after: Record<string, unknown> | null,
): string {
  if (after === null) return "deleted";
  const said = (field: string, value: unknown) => {
    if (field === "probability") return percent(Number(value));
    if (value === null) return "none";
    return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
  };
  const changed = Object.keys(after).filter(
    (field) =>
      !SHOWN.includes(field) &&
      (before === null
        ? after[field] !== null && after[field] !== false
        : (before[field] ?? null) !== after[field]),
  );
  const told = changed.map((field) => {
    const name = NAMES[field] ?? field;
    const old = before && `${said(field, before[field] ?? null)} → `;
    return `${name}: ${old ?? ""}${said(field, after[field])}`;
  });
  return `${before === null ? "made; " : ""}${told.join("; ")}`;
}
