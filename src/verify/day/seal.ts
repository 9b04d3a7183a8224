import { checkBeacon } from "../beacon.js";
import {
  isCount,
  isHash,
  isHex,
  isText,
  listOf,
  oneOf,
  orNull,
  parseShaped,
  shaped,
} from "../json.js";
import { Wrong } from "../report.js";

const isDay = (value: unknown): value is string =>
  isText(value) && /^\d{4}-\d\d-\d\d$/.test(value);
export const trees = listOf(
  shaped({
    size: isCount,
    root: (value): value is string =>
      isText(value) && /^[A-Za-z0-9+/]{43}=$/.test(value),
  }),
);

/** drand writes it in 32 bits. */
const isPeriod = (value: unknown): value is number =>
  isCount(value) && value > 0 && value < 2 ** 32;
/** More than any campaign may have. */
const MOST_SHARDS = 1024;

const SEAL = {
  v: oneOf(1),
  campaign: isText,
  day: isDay,
  time_zone: isText,
  begins_at: isCount,
  ends_at: isCount,
  seed_hash: isHash,
  names: oneOf("sealed", "open"),
  names_hash: orNull(isHash),
  beacon: orNull(
    shaped({
      chain_hash: isHash,
      public_key: isHex,
      scheme: isText,
      round: isCount,
      genesis_time: isCount,
      period: isPeriod,
      group_hash: isHex,
      beacon_id: isText,
    }),
  ),
  shards: (value: unknown): value is number =>
    isCount(value) && value > 0 && value <= MOST_SHARDS,
  engine_hash: isHash,
  previous: orNull(shaped({ day: isDay, trees })),
  sealed_at: isCount,
};

export const readSeal = (text: string) => parseShaped(text, SEAL);
export type Seal = ReturnType<typeof readSeal>;

/** The date of a moment in a zone. */
function dateAt(moment: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    calendar: "iso8601",
    numberingSystem: "latn",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  const parts = format.formatToParts(moment);
  const part = (name: string) =>
    parts.find(({ type }) => type === name)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** Whether the seal agrees with itself. */
export function checkSeal(seal: Seal): void {
  const { day, begins_at, ends_at, time_zone, names, names_hash } = seal;
  let isWholeDay: boolean;
  try {
    isWholeDay =
      begins_at < ends_at &&
      dateAt(begins_at, time_zone) === day &&
      dateAt(begins_at - 1, time_zone) < day &&
      dateAt(ends_at - 1, time_zone) === day &&
      dateAt(ends_at, time_zone) > day;
  } catch {
    throw new Wrong(`there is no time zone ${time_zone}`);
  }
  if (!isWholeDay) {
    throw new Wrong(
      `begins_at and ends_at are not where ${day} begins and ends in ${time_zone}`,
    );
  }
  if ((names === "sealed") !== (names_hash !== null)) {
    throw new Wrong(
      "names_hash must be there where names are sealed, and only there",
    );
  }
  if (seal.previous && seal.previous.day >= day) {
    throw new Wrong(
      `the day before is ${seal.previous.day}, which is not before ${day}`,
    );
  }
  if (seal.beacon) checkBeacon(seal.beacon, seal);
}
