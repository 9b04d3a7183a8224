import { type Asking, atMost, round } from "../support/question.js";
import { type Play, type Stage, startPlay } from "./lanes.js";

const QUOTAS = [1_000, 10_000, 100_000];

/** Draws under way at a time, on all shards together. */
const TOGETHER = 512;

/**
 * How often the ledger is asked until a prize that everybody hits is gone, and that is known: a twentieth more draw than can
 * win.
 */
export async function statements(
  stage: Stage,
  shards: number[],
  { quick, say }: Asking,
) {
  const rows: Record<string, string | number>[] = [];
  const plays: Play[] = [];
  const problems: string[] = [];
  let worst = 0;
  for (const quota of quick ? QUOTAS.slice(0, 1) : QUOTAS) {
    // One shard asks nothing, whatever the quota.
    for (const n of quota === QUOTAS[0] ? shards : shards.slice(1)) {
      const id = `ledger-${quota}-${n}`;
      const prize = { id: "CUP", total_quota: quota };
      stage.asked.clear();
      const play = await startPlay(stage, { id, shards: n }, [prize], 1);
      const loading = sum(stage.asked);
      stage.asked.clear();
      const draws = Math.ceil(quota * 1.05);
      await drawAll(play, draws);
      await play.idle();
      const asked = new Map(stage.asked);
      const all = sum(asked);
      const expected = 2 * n * (1 + Math.log(quota));
      if (n > 1) worst = Math.max(worst, all / expected);
      rows.push({
        quota,
        shards: n,
        "statements a thousand draws": round((all / draws) * 1_000),
        statements: all,
        grants: asked.get("grant_units") ?? 0,
        "lease, look, return":
          all -
          (asked.get("grant_units") ?? 0) -
          (asked.get("read_rights") ?? 0),
        "2 S (1 + ln quota)": n === 1 ? 0 : Math.round(expected),
        "at start": loading,
      });
      plays.push(play);
      problems.push(...(await allGone(stage, play, quota)));
      say(`  quota ${quota}, ${n} shards: ${all} statements`);
    }
  }
  const title =
    "statements that ask the ledger until a prize of odds 1 is gone and known to be, per quota and shards";
  return {
    tables: [{ title, rows }],
    targets: [
      atMost(
        "statements against 2 S (1 + ln quota), the worst",
        3,
        worst,
        " ×",
      ),
    ],
    plays,
    problems,
    rows,
  };
}

const sum = (asked: Map<string, number>) =>
  [...asked.values()].reduce((one, other) => one + other, 0);

/** Draws by users of all shards in turn, so many at a time. */
async function drawAll(play: Play, draws: number): Promise<void> {
  let begun = 0;
  const one = async () => {
    while (begun < draws) {
      begun += 1;
      await play.draw(begun % play.shards);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, one));
}

/** All numbers up to the quota are given, each once. */
async function allGone(
  { sql }: Stage,
  { id }: Play,
  quota: number,
): Promise<string[]> {
  const [row] = await sql`
    select count(*)::int as n, count(distinct unit)::int as units, min(unit)::int as first, max(unit)::int as last
    from result where campaign_id = ${id}`;
  const { n, units, first, last } = row ?? {};
  const isWhole =
    n === quota && units === quota && first === 1 && last === quota;
  return isWhole ? [] : [`${id}: ${JSON.stringify(row)} of ${quota}`];
}
