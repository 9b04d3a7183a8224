import { campaignNotFound } from "../engine/closed.js";
import { unavailable } from "../errors.js";
import {
  type Campaign,
  PLAIN,
  readCampaigns,
  readVersion,
  type Versioned,
} from "../prizes/campaign.js";
import { DEFAULT_CAMPAIGN, keysOf } from "../stores/keys.js";
import { pipelines } from "../stores/redis.js";
import { createLane, type Lane, type Shared } from "./lane.js";

export type Campaigns = {
  /** That of whoever names none. */
  main: Lane;
  /** A campaign that there is, active or not. Throws CAMPAIGN_NOT_FOUND, and UNAVAILABLE before they were read. */
  lane(id?: string): Lane;
  /** All campaigns as last read, by id; the same list until one is edited. Throws UNAVAILABLE before they were read. */
  all(): Campaign[];
  /** The lanes that need a look every second. */
  watched(): Lane[];
  /** The lanes that were ever needed. */
  lanes(): Lane[];
  /** Looks for edits, for all campaigns by one question, and for losses in each that is watched. Rejects with UNAVAILABLE. */
  check(): Promise<void>;
  /** Reads all campaigns and reloads those watched. Rejects with UNAVAILABLE. */
  reload(): Promise<void>;
  /** Redis was away and may have lost its last writes. */
  markStale(): void;
};

/** After its end, a campaign is watched for as long as Redis keeps its last days. */
const WATCHED_AFTER_MS = 3 * 86_400_000;

export function createCampaigns(shared: Shared): Campaigns {
  const { postgres, redis, clock } = shared;
  const known = new Map<string, Versioned>();
  const lanes = new Map<string, Lane>();
  const leftOver = new Set<string>(); // inactive or past ones whose outbox may hold wins
  let sorted: Versioned[] = []; // by id
  let made: Lane[] = []; // all lanes
  let isLookedBack = false;
  let seen: string | undefined; // the version last read

  // Before it was read nobody draws in it.
  const main = make({ ...PLAIN, id: DEFAULT_CAMPAIGN });

  function make(campaign: Campaign): Lane {
    const lane = createLane(shared, campaign);
    lanes.set(campaign.id, lane);
    made = [...lanes.values()];
    return lane;
  }

  function lane(id = DEFAULT_CAMPAIGN): Lane {
    if (id === DEFAULT_CAMPAIGN) return main;
    const campaign = known.get(id);
    if (campaign) return lanes.get(id) ?? make(campaign);
    if (seen === undefined) throw unavailable(new Error("not read yet"));
    throw campaignNotFound();
  }

  function isWatched({ id, active, ends_at }: Campaign): boolean {
    if (id === DEFAULT_CAMPAIGN || leftOver.has(id)) return true;
    return active && clock.now() < (ends_at ?? Infinity) + WATCHED_AFTER_MS;
  }

  const watched = () => [
    main,
    ...sorted
      .filter((it) => it.id !== DEFAULT_CAMPAIGN && isWatched(it))
      .map(({ id }) => lane(id)),
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
    return edited.map(({ id }) => id);
  }

  /**
   * Once: finds wins that a server left behind whose campaign was over before the next one started. A Redis that is away is
   * asked again with the next look: redeeming needs the campaigns, and not Redis.
   */
  async function lookBack(): Promise<void> {
    const past = sorted.filter((it) => !isWatched(it));
    const lengths = await pipelines(
      redis,
      past.map(({ id }) => ["xlen", keysOf(id).outbox]),
    );
    for (const [n, { id }] of past.entries()) {
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
      if (own && !isWatched(own)) lanes.get(id)?.prizes.markStale();
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
    markStale: () => {
      for (const { prizes } of lanes.values()) prizes.markStale();
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
