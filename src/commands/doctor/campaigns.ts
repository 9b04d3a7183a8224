import type { Clock } from "../../clock.js";
import {
  phaseOf,
  readCampaigns,
  ruleProblem,
  type Versioned,
} from "../../prizes/campaign.js";
import type { Row } from "../../prizes/table.js";
import type { Postgres } from "../../stores/postgres.js";
import type { Redis } from "../../stores/redis.js";
import { failWith, ok, type Say, warn } from "./finding.js";
import { examineOutbox } from "./outbox.js";
import { examinePrizes, examineTable } from "./prizes.js";

/** Every campaign that runs or is announced: its rules, its prizes, its table in force. */
export async function examineCampaigns(
  {
    redis,
    postgres,
    clock,
    timeZone,
  }: {
    redis: Redis | undefined;
    postgres: Postgres;
    clock: Clock;
    timeZone: string;
  },
  say: Say,
): Promise<void> {
  const campaigns = await readCampaigns(postgres);
  const current = campaigns.filter((it) =>
    ["running", "announced"].includes(phaseOf(it, clock.now())),
  );
  say(
    ok(
      `${current.length} of ${campaigns.length} campaigns run or are announced.`,
    ),
  );
  for (const campaign of current) {
    const { id, time_zone } = campaign;
    // Findings of `default` are what they always were.
    const tell: Say = (it) =>
      say(id === "default" ? it : { ...it, sentence: `${id}: ${it.sentence}` });
    const problem = ruleProblem(campaign);
    if (problem) {
      tell(failWith(problem));
      continue;
    }
    const own = clock.in(() => time_zone ?? timeZone);
    const rows = await examinePrizes(postgres, id, own.today().date, tell);
    examineRules(campaign, rows, own, tell);
    await examineMoments(postgres, campaign, tell);
    if (!redis) continue;
    await examineTable(redis, campaign, rows, tell);
    // That of `default` was looked at before, without asking Postgres.
    if (id !== "default" || campaign.shards > 1) {
      await examineOutbox(redis, campaign, tell);
    }
  }
}

/** Rules that promise what can't happen. */
function examineRules(
  campaign: Versioned,
  rows: Row[],
  clock: Clock,
  say: Say,
): void {
  const { starts_at, ends_at, frozen, time_zone } = campaign;
  const active = rows.filter((row) => row.active);
  const canWin = active.some((row) => row.probability > 0 || row.fallback);
  const hasMoments = active.some((row) => row.has_moments);
  if (active.length > 0 && !canWin && !hasMoments) {
    say(
      warn(
        "The odds of the active prizes sum to nothing: nobody can win.",
        "give a prize odds, moments, or make it the fallback",
      ),
    );
  }
  if (frozen && time_zone === null) {
    say(
      warn(
        "It is frozen, but its zone is TIME_ZONE's, which whoever starts a server can change.",
        "give it a time_zone before it starts",
      ),
    );
  }
  const { date } = clock.today();
  for (const { id, release_from, release_to } of active) {
    if (!release_from || !release_to) continue;
    const isOutside = (at: number | null, isStart: boolean) => {
      if (at === null) return false;
      const day = clock.dayAt(at).date;
      const [from, to] = [release_from, release_to].map((it) =>
        clock.momentOf(day, it),
      ) as [number, number];
      return isStart ? at >= to : at <= from;
    };
    if (isOutside(starts_at, true) || isOutside(ends_at, false)) {
      say(
        warn(
          `The release of ${id}, ${release_from} to ${release_to}, lies outside of the campaign on its first or last day: that day's units are there ${isOutside(starts_at, true) ? "at once" : "never"}.`,
          "move release_from and release_to, or the campaign's dates",
        ),
      );
    }
  }
  const total = active.filter(
    ({ daily_quota, total_quota }) =>
      daily_quota !== null && total_quota !== null && daily_quota > total_quota,
  );
  for (const { id } of total) {
    say(
      warn(
        `${id} promises more units a day than it has in all (${date}).`,
        "lower its daily_quota, or raise its total_quota",
      ),
    );
  }
}

/** Moments that nobody can win. */
async function examineMoments(
  postgres: Postgres,
  { id, starts_at, ends_at }: Versioned,
  say: Say,
): Promise<void> {
  const [row] = await postgres.query(
    (sql) => sql<{ outside: number; idle: number }[]>`
      select
        count(*) filter (where m.at >= to_timestamp(${ends_at ?? 0}::float8 / 1000) and ${ends_at !== null})::int as outside,
        count(*) filter (where not p.active)::int as idle
      from moment m
      join prize p on p.campaign_id = m.campaign_id and p.id = m.prize_id
      where m.campaign_id = ${id} and not exists (select from result r where r.moment_id = m.id)`,
  );
  if (row?.outside) {
    say(
      warn(
        `${row.outside} moments lie after the campaign's end: nobody can win them.`,
        "delete them, or move its end",
      ),
    );
  }
  if (row?.idle) {
    say(
      warn(
        `${row.idle} moments are of prizes that are not active: nobody can win them.`,
        "make the prizes active, or delete the moments",
      ),
    );
  }
  if (starts_at !== null && ends_at !== null && ends_at <= starts_at) {
    say(failWith("It would end before it starts: correct ends_at."));
  }
}
