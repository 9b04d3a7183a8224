import { campaignNotFound } from "../engine/closed.js";
import { unavailable } from "../errors.js";
import {
  type Campaign,
  PLAIN,
  readCampaigns,
  readVersion,
  type Versioned,
} from "../prizes/campaign.js";
import { createLedger } from "../shards/ledger.js";
import { shardOf } from "../shards/shard-of.js";
import { DEFAULT_CAMPAIGN, shardsOf } from "../stores/keys.js";
import { pipelines } from "../stores/redis.js";
import { createLane, type Lane, type Shared } from "./lane.js";

export type Campaigns = {
  /** That of whoever names none, as long as it has one shard. */
  main: Lane;
  /**
   * A campaign that there is, active or not: of several shards the user's, else the first. Throws CAMPAIGN_NOT_FOUND, and
   * UNAVAILABLE before they were read.
   */
  lane(id?: string, userId?: string): Lane;
  /** All campaigns as last read, by id; the same list until one is edited. Throws UNAVAILABLE before they were read. */
  all(): Campaign[];
  /** The lanes that need a look every second: of several shards, all. */
  watched(): Lane[];
  /** The lanes that were ever needed. */
  lanes(): Lane[];
  /** Looks for edits, for all campaigns by one question, and for losses in each that is watched. Rejects with UNAVAILABLE. */
  check(): Promise<void>;
  /** Reads all campaigns and reloads those watched. Rejects with UNAVAILABLE. */
  reload(): Promise<void>;
  /** Forgets which shards held numbers of days that are over. Rejects with UNAVAILABLE. */
  forget(): Promise<void>;
  /** Redis was away and may have lost its last writes. */
  markStale(): void;
};

/** After its end, a campaign is watched for as long as Redis keeps its last days. */
const WATCHED_AFTER_MS = 3 * 86_400_000;

export function createCampaigns(shared: Shared): Campaigns {
  const { postgres, redis, clock } = shared;
  const known = new Map<string, Versioned>();
  const lanes = new Map<string, Lane[]>(); // id → one a shard
  const leftOver = new Set<string>(); // inactive or past ones whose outbox may hold wins
  let sorted: Versioned[] = []; // by id
  let made: Lane[] = []; // all lanes
  let isLookedBack = false;
  let seen: string | undefined; // the version last read

  // Before it was read nobody draws in it.
  const main = createLane(shared, { ...PLAIN, id: DEFAULT_CAMPAIGN });
  let mainLanes = [main];
  hold(DEFAULT_CAMPAIGN, mainLanes);

  function hold(id: string, its: Lane[]): Lane[] {
    lanes.set(id, its);
    made = [...lanes.values()].flat();
    if (id === DEFAULT_CAMPAIGN) mainLanes = its;
    return its;
  }

  /** Those of a campaign. The number of shards changes only while nobody can have drawn: then nothing is under way. */
  function lanesOf(campaign: Campaign): Lane[] {
    const { id, shards } = campaign;
    const its = lanes.get(id);
    if (its?.length === shards) return its;
    if (shards > 1) {
      const numbers = Array.from({ length: shards }, (_, n) => n);
      return hold(
        id,
        numbers.map((n) => createLane(shared, campaign, n)),
      );
    }
    const only = id === DEFAULT_CAMPAIGN ? main : createLane(shared, campaign);
    return hold(id, [only]);
  }

  function find(id: string): Lane[] {
    const campaign = known.get(id);
    if (campaign) return lanesOf(campaign);
    if (id === DEFAULT_CAMPAIGN) return mainLanes;
    if (seen === undefined) throw unavailable(new Error("not read yet"));
    throw campaignNotFound();
  }

  function lane(id = DEFAULT_CAMPAIGN, userId?: string): Lane {
    const its = id === DEFAULT_CAMPAIGN ? mainLanes : find(id);
    const shard =
      its.length > 1 && userId !== undefined ? shardOf(userId, its.length) : 0;
    return its[shard] as Lane;
  }

  function isWatched({ id, active, ends_at }: Campaign): boolean {
    if (id === DEFAULT_CAMPAIGN || leftOver.has(id)) return true;
    return active && clock.now() < (ends_at ?? Infinity) + WATCHED_AFTER_MS;
  }

  const watched = () => [
    ...mainLanes,
    ...sorted
      .filter((it) => it.id !== DEFAULT_CAMPAIGN && isWatched(it))
      .flatMap(lanesOf),
  ];

  /** Reads what was edited. Returns the ids. */
  async function read(version: string): Promise<string[]> {
    const campaigns = await readCampaigns(postgres);
    const edited = campaigns.filter((it) => {
      const before = known.get(it.id);
      if (before?.active && !it.active) leftOver.add(it.id);
      return before?.version !== it.version;
    });
    known.clear();
    for (const campaign of campaigns) known.set(campaign.id, campaign);
    sorted = campaigns;
    seen = version;
    for (const it of campaigns) if (lanes.has(it.id)) lanesOf(it);
    return edited.map(({ id }) => id);
  }

  /**
   * Once: finds wins that a server left behind whose campaign was over before the next one started. A Redis that is away is
   * asked again with the next look: redeeming needs the campaigns, and not Redis.
   */
  async function lookBack(): Promise<void> {
    const past = sorted.filter((it) => !isWatched(it));
    const outboxes = past.flatMap((it) =>
      shardsOf(it).map(({ outbox }) => ({ id: it.id, outbox })),
    );
    const lengths = await pipelines(
      redis,
      outboxes.map(({ outbox }) => ["xlen", outbox]),
    );
    for (const [n, { id }] of outboxes.entries()) {
      if (Number(lengths[n]) > 0) leftOver.add(id);
    }
    isLookedBack = true;
  }

  async function check(): Promise<void> {
    const version = await readVersion(postgres);
    const edited = version === seen ? [] : await read(version);
    if (!isLookedBack) await lookBack();
    // Whoever asks one that is not watched finds it read anew.
    for (const id of edited) {
      const own = known.get(id);
      if (own && !isWatched(own)) {
        for (const { prizes } of lanes.get(id) ?? []) prizes.markStale();
      }
    }
    await forAll(watched(), async ({ held, prizes }) => {
      await prizes.check(known.get(held.campaign.id)?.version ?? "");
    });
  }

  async function reload(): Promise<void> {
    await read(await readVersion(postgres));
    await forAll(watched(), ({ prizes }) => prizes.reload());
  }

  return {
    main,
    lane,
    all: () => {
      if (seen === undefined) throw unavailable(new Error("not read yet"));
      return sorted;
    },
    watched,
    lanes: () => made,
    check,
    reload,
    forget: async () => {
      const { before } = clock.day(clock.day(clock.today().before).before);
      if (made.some(({ shard }) => shard !== undefined)) {
        await createLedger(postgres).forget(before);
      }
    },
    markStale: () => {
      for (const { prizes } of made) prizes.markStale();
    },
  };
}

/** Does it for all, and rejects with the first failure then. */
export async function forAll(
  lanes: Lane[],
  work: (lane: Lane) => Promise<unknown>,
): Promise<void> {
  const ends = await Promise.allSettled(lanes.map(work));
  const failure = ends.find((end) => end.status === "rejected");
  if (failure) throw failure.reason;
}
