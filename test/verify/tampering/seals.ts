import { createHash } from "node:crypto";
import { makeChain } from "../../support/proof/chain.js";
import { countsOf } from "../../support/proof/write.js";
import { BEGINS_AT, CHAIN, ROUND } from "../../support/proof-day.js";
import type { Case } from "./case.js";

/** A case that puts something else into the seal. */
const seal = (
  name: string,
  change: (seal: Record<string, unknown>) => void,
  says: RegExp,
  day = "calm",
): Case => ({
  name,
  day,
  change: (draft) => {
    change(draft.seal);
    return "seal.note";
  },
  says,
});
const close = (
  name: string,
  change: (close: Record<string, unknown>) => void,
  says: RegExp,
  day = "calm",
): Case => ({
  name,
  day,
  change: (draft) => {
    change(draft.close);
    return "close.note";
  },
  says,
});
const beaconOf = (it: Record<string, unknown>) =>
  it.beacon as Record<string, unknown>;
const other = makeChain({
  genesis_time: 1_700_000_000,
  period: 30,
  secret: new Uint8Array(32).fill(9),
});

/** What was fixed before the day, and what was said after it. */
export const SEALS: Case[] = [
  {
    name: "a later seal",
    day: "open",
    change: (draft) => {
      draft.seal.sealed_at = BEGINS_AT + 60_000;
      return "log-0.tsv:1";
    },
    says: /this line is older than the seal/,
  },
  seal(
    "a seal that was made when the beacon's round could be known",
    (it) => {
      it.sealed_at = BEGINS_AT - 300_000;
    },
    /less than ten minutes before the beacon's round/,
  ),
  seal(
    "another round",
    (it) => {
      beaconOf(it).round = ROUND - 1;
    },
    /the last round a minute before the day is \d+, but the seal names/,
  ),
  seal(
    "another chain's key",
    (it) => {
      beaconOf(it).public_key = other.info.public_key;
    },
    /the beacon's chain is [0-9a-f]{64}, but the seal says/,
  ),
  seal(
    "a chain whose rounds hang together",
    (it) => {
      beaconOf(it).scheme = "pedersen-bls-chained";
    },
    /scheme pedersen-bls-chained is none that this verifier knows/,
  ),
  seal(
    "a day that ends later",
    (it) => {
      it.ends_at = Number(it.ends_at) + 3_600_000;
    },
    /begins_at and ends_at are not where 2026-12-01 begins and ends in Asia\/Taipei/,
  ),
  seal(
    "a day that ends earlier",
    (it) => {
      it.ends_at = Number(it.ends_at) - 3_600_000;
    },
    /begins_at and ends_at are not where 2026-12-01 begins and ends in Asia\/Taipei/,
  ),
  seal(
    "another zone",
    (it) => {
      it.time_zone = "Asia/Tokyo";
    },
    /are not where 2026-12-01 begins and ends in Asia\/Tokyo/,
  ),
  seal(
    "no such zone",
    (it) => {
      it.time_zone = "Asia/Atlantis";
    },
    /there is no time zone Asia\/Atlantis/,
  ),
  seal(
    "names that are not sealed",
    (it) => {
      it.names_hash = null;
    },
    /names_hash must be there where names are sealed/,
  ),
  seal(
    "a day before that is not before",
    (it) => {
      it.previous = { day: "2026-12-01", trees: [] };
    },
    /which is not before 2026-12-01/,
  ),
  seal(
    "another version",
    (it) => {
      it.v = 2;
    },
    /"v" is not what it must be/,
  ),
  seal(
    "a field that nobody knows",
    (it) => {
      it.note = "trust us";
    },
    /"note" is a field that this verifier does not know/,
  ),
  seal(
    "a field that is missing",
    (it) => {
      delete it.engine_hash;
    },
    /"engine_hash" is missing/,
  ),
  seal(
    "more shards than there can be",
    (it) => {
      it.shards = 1_000_000_000;
    },
    /"shards" is not what it must be/,
  ),
  seal(
    "a beacon that stands still",
    (it) => {
      beaconOf(it).period = 0;
    },
    /"beacon" is not what it must be/,
  ),
  close(
    "another seed",
    (it) => {
      it.seed = "22".repeat(32);
    },
    /the seed is not the one that was sealed/,
  ),
  {
    name: "another seed, and a seal of it",
    change: (draft) => {
      draft.close.seed = "22".repeat(32);
      draft.seal.seed_hash = createHash("sha256")
        .update(Buffer.from("22".repeat(32), "hex"))
        .digest("hex");
      return "log-0.tsv:2";
    },
    says: /the roll of this draw is/,
  },
  close(
    "another round's signature",
    (it) => {
      it.beacon_signature = CHAIN.sign(ROUND - 1);
    },
    /beacon_signature is not that of round/,
  ),
  close(
    "another chain's signature",
    (it) => {
      it.beacon_signature = other.sign(ROUND);
    },
    /beacon_signature is not that of round/,
  ),
  close(
    "a signature of a beacon that the seal does not name",
    (it) => {
      it.beacon_signature = CHAIN.sign(ROUND);
    },
    /the seal names no beacon/,
    "open",
  ),
  close(
    "a beacon that was there after all",
    (it) => {
      it.beacon_signature = CHAIN.sign(ROUND);
    },
    /the logs say that the beacon was not used, and the close has its signature/,
    "missing",
  ),
  close(
    "a close of another day",
    (it) => {
      it.day = "2026-12-02";
    },
    /this is the close of summer, 2026-12-02/,
  ),
  close(
    "more draws",
    (it) => {
      it.draws = 10_000;
    },
    /the close counts 10,000 draws, and the logs have/,
  ),
  close(
    "fewer wins",
    (it) => {
      it.wins = { tea: 1 };
    },
    /the close counts 0 wins of car, and the logs have \d+/,
  ),
  {
    name: "a win of a prize that nobody won",
    change: (draft) => {
      draft.close.wins = { ...countsOf(draft.logs).wins, boat: 1 };
      return "close.note";
    },
    says: /the close counts 1 win of boat, and the logs have 0/,
  },
  {
    name: "another root",
    change: (draft) => {
      const [log = []] = draft.logs;
      draft.close.trees = [
        { size: log.length, root: Buffer.alloc(32).toString("base64") },
      ];
      return "close.note:1";
    },
    says: /signs another root over the first \d+ lines of log-0\.tsv/,
  },
  {
    name: "a longer log",
    change: (draft) => {
      const [log = []] = draft.logs;
      draft.close.trees = [
        { size: log.length + 5, root: Buffer.alloc(32).toString("base64") },
      ];
      return "close.note:1";
    },
    says: /signs \d+ lines of log-0\.tsv, which has \d+/,
  },
  close(
    "fewer trees",
    (it) => {
      it.trees = [];
    },
    /the close has 0 trees, the seal 1 shards/,
  ),
];
