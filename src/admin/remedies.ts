import { type Failure, invalid } from "../errors.js";

/** What a schema refused, as ajv and TypeBox say it. */
export type Objection = {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
};

const QUOTA = "must be a whole number from 0 to 2147483647, or null: unlimited";
const PAGE_SIZE_REMEDY = "must be a whole number from 1 to 200";
const TIME = "must be a time of day such as 09:00, or null";
const MOMENT = "must be a moment such as 2026-12-24T18:00:00Z, or null";
const YES = "must be yes, or left out";

/** What to do about each field. */
const REMEDIES: Record<string, string> = {
  id: "must have 1 to 64 letters, digits, dots, dashes or underscores",
  "querystring.id": "must be a UUID",
  prize_id: "must be the id of a prize",
  title:
    "must have 1 to 200 visible characters, no control characters and no marks that hide or turn a text",
  probability: "must be a number from 0 to 1",
  daily_quota: QUOTA,
  total_quota: QUOTA,
  active: "must be true or false",
  fallback: "must be true or false",
  release_from: TIME,
  release_to: TIME,
  time_zone: "must be an IANA time zone such as Asia/Hong_Kong, or null",
  starts_at: MOMENT,
  ends_at: MOMENT,
  draws_per_day: "must be a whole number from 1 to 100",
  wins_per_user: "must be a whole number from 1 on, or null",
  claim_days: "must be a whole number from 1 to 3650, or null",
  shards: "must be a whole number from 1 to 64",
  frozen: "must be true or false",
  verifiable: "must be true or false",
  proof_names: "must be sealed or open",
  campaign: "must be the id of a campaign",
  moments: "must be a list of 1 to 10000 moments",
  at: "must be a moment such as 2026-12-24T18:00:00Z",
  prizes: "must be a list of 1 to 1000 prizes",
  draws: "must be a whole number from 1 to 200000",
  preview: YES,
  phones: YES,
  day: "must be a date such as 2026-11-22",
  state: "must be open, redeemed or forfeited",
  limit: PAGE_SIZE_REMEDY,
  "x-changed-by": "must have 1 to 64 printable ASCII characters",
};

/** The failure that tells field and remedy of the first objection. `where` is the part of the request. */
export function objectionOf(objections: Objection[], where: string): Failure {
  const first = objections[0];
  if (!first) return invalid(where, "is not valid");
  const [field, remedy] = remedyOf(first, where);
  return invalid(field, remedy);
}

/** Field and remedy of what a schema refused. */
export function remedyOf(
  { keyword, instancePath, params }: Objection,
  where: string,
): [string, string] {
  const at = pathOf(instancePath);
  const inside = (name: unknown) => `${at ? `${at}.` : ""}${name}`;
  switch (keyword) {
    case "required": {
      const missing = params.missingProperty ?? params.requiredProperties;
      return [inside([missing].flat()[0]), "is missing"];
    }
    case "additionalProperties": {
      const names = params.additionalProperty ?? params.additionalProperties;
      const name = String([names].flat()[0]).slice(0, 64);
      return [inside(name), "is not a field of this request; leave it out"];
    }
    case "minProperties":
      return ["body", "must name a field to change"];
  }
  const name = instancePath.split("/").findLast((it) => !/^\d*$/.test(it));
  const remedy = REMEDIES[`${where}.${name}`] ?? REMEDIES[name ?? ""];
  return [at || where, remedy ?? "must be a JSON object"];
}

/** `/prizes/1/title` → `prizes[1].title` */
const pathOf = (instancePath: string) =>
  instancePath
    .replace(/\/(\d+)/g, "[$1]")
    .replaceAll("/", ".")
    .replace(/^\./, "");
