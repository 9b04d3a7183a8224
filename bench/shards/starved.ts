import { type Asking, round } from "../support/question.js";
import { median, quantile, ratio } from "../support/rounds.js";
import { type Play, type Prize, type Stage, startPlay } from "./lanes.js";

/** What a draw's shard meets, from what costs nothing to what costs most. */
const CASES = {
  held: "its shard has numbers",
  known: "none is left, as its shard knows",
  free: "its shard has none, the ledger has",
  recall: "the unspent ones are another shard's",
  gone: "none is left, to be found out",
} as const;
type Case = keyof typeof CASES;
const NAMES = Object.keys(CASES) as Case[];

const MANY = 1_000_000;

/**
 * Milliseconds of lone draws, one after the other, of every kind in turn. Each that starves meets a prize of its own for the
 * first time on its shard, so it needs numbers of the day as well as those of all days.
 */
export async function starved(
  stage: Stage,
  shards: number[],
  { quick, say }: Asking,
) {
  const times = quick ? 10 : 40;
  const rows: Record<string, string | number>[] = [];
  const plays: Play[] = [];
  const problems: string[] = [];
  for (const n of shards.filter((it) => it > 1)) {
    say(`draws that starve, on ${n} shards`);
    const { play, numberOf } = await prepare(stage, n, times);
    const seen = Object.fromEntries(
      NAMES.map((name) => [name, [] as number[]]),
    ) as Record<Case, number[]>;
    for (let i = 0; i < times; i += 1) {
      const took = {} as Record<Case, number>;
      const { refusals } = play;
      for (const name of i % 2 ? NAMES.toReversed() : NAMES) {
        const shard = 1 + (i % (n - 1));
        const began = performance.now();
        const { outcome } = await play.draw(shard, numberOf(name, i));
        took[name] = performance.now() - began;
        const wanted = name === "known" || name === "gone" ? "no_prize" : "won";
        if (outcome !== wanted)
          problems.push(`${play.id} ${name} ${i}: ${outcome}`);
      }
      // A machine that made a draw wait until it was refused says nothing of that draw.
      if (play.refusals > refusals) continue;
      for (const name of NAMES) seen[name].push(took[name]);
    }
    await play.idle();
    plays.push(play);
    rows.push(
      ...NAMES.map((name) => ({
        shards: n,
        "a draw whose prize": CASES[name],
        "ms, median": round(median(seen[name])),
        p90: round(quantile(seen[name], 0.9)),
        "× of one with numbers": round(ratio(seen[name], seen.held).median),
        draws: seen[name].length,
      })),
    );
  }
  const title = "milliseconds of a lone draw, its win committed";
  return { tables: [{ title, rows }], targets: [], plays, problems, rows };
}

/** A campaign of so many prizes of each kind, as they are to be met by shards other than the first. */
async function prepare(stage: Stage, shards: number, times: number) {
  const ids = (name: Case) =>
    Array.from(
      { length: times },
      (_, i) => `${name}-${String(i).padStart(3, "0")}`,
    );
  const prizes: Prize[] = [
    { id: "held", total_quota: MANY },
    { id: "known", total_quota: 1 },
    ...ids("free").map((id) => ({ id, total_quota: MANY })),
    ...ids("recall").map((id) => ({ id, total_quota: MANY })),
    ...ids("gone").map((id) => ({ id, total_quota: 1 })),
  ].sort((one, other) => (one.id < other.id ? -1 : 1));
  const numbers = new Map(prizes.map(({ id }, n) => [id, n]));
  const of = (id: string) => numbers.get(id) as number;
  const play = await startPlay(
    stage,
    { id: `starved-${shards}`, shards },
    prizes,
    1,
  );
  // The first shard takes the one unit of those that are to be gone, and the first of those that it is to have.
  for (const id of [...ids("recall"), ...ids("gone"), "held", "known"]) {
    await play.draw(0, of(id));
  }
  for (let shard = 1; shard < shards; shard += 1) {
    await play.draw(shard, of("held"));
    await play.draw(shard, of("known"));
  }
  // What is beyond the first shard's numbers is cut off: then no other shard finds a free one.
  await stage.sql`
    update prize p set total_quota = upper(u.held) - 1 from shard_units u
    where p.campaign_id = ${play.id} and p.id like 'recall-%' and u.campaign_id = p.campaign_id and u.prize_id = p.id
      and u.shard = 0 and u.draw_date = 'infinity'`;
  await play.check();
  const numberOf = (name: Case, i: number) =>
    of(numbers.has(name) ? name : (ids(name)[i] as string));
  return { play, numberOf };
}
