import type { Clock } from "../clock.js";
import { tableText } from "../proof/log/table.js";
import type { Campaign } from "./campaign.js";
import { windowsOf } from "./release.js";
import type { Table } from "./table.js";

/** The table and the rules as the logs of these days have them, as reload.lua takes them: JSON, day → text. */
export function loggedTables(
  clock: Pick<Clock, "momentOf">,
  campaign: Campaign,
  table: Table | undefined,
  dates: string[],
): string {
  const { starts_at, ends_at, draws_per_day, wins_per_user } = campaign;
  const rules = {
    ...{ starts_at, ends_at, draws_per_day, wins_per_user },
    inactive: !campaign.active,
  };
  const listing = (table?.listing ?? []).map((prize) => ({
    prize,
    windows: prize.release_from ? windowsOf(clock, prize, dates) : undefined,
  }));
  const texts = dates.map((date) => {
    const prizes = listing.map(({ prize, windows }) => ({
      id: prize.id,
      odds_to: Number(prize.odds_to),
      daily_quota: prize.daily_quota,
      total_quota: prize.total_quota,
      fallback: prize.fallback,
      moments: prize.has_moments,
      release: windows?.[date] ?? null,
    }));
    return [date, tableText(prizes, rules)];
  });
  return JSON.stringify(Object.fromEntries(texts));
}
