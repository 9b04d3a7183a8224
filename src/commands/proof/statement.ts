import type { Campaign } from "../../prizes/campaign.js";
import type { Postgres } from "../../stores/postgres.js";
import { pageOf } from "./page.js";
import {
  readAllDays,
  readCertificates,
  readChanges,
  readPrizes,
} from "./read.js";
import {
  appendix,
  dayCounts,
  gaps,
  history,
  howToCheck,
  moments,
  prizes,
  roots,
  rules,
  seals,
  summary,
} from "./sections.js";
import { type Counted, tallyOf } from "./tally.js";

/**
 * The statement of a campaign as an HTML page that needs nothing else. `tell` is told how far it is. Rejects with
 * UNAVAILABLE.
 */
export async function statementOf(
  postgres: Postgres,
  campaign: Campaign,
  {
    timeZone,
    now,
    tell,
  }: { timeZone: string; now: Date; tell: (sentence: string) => void },
): Promise<string> {
  const { id } = campaign;
  const changes = await readChanges(postgres, id);
  const table = await readPrizes(postgres, id);
  const certificates = await readCertificates(postgres, id);
  const days: Counted[] = [];
  for (const day of await readAllDays(postgres, id)) {
    const tally = await tallyOf(postgres, day);
    days.push({ ...day, tally });
    tell(`${day.day}: ${tally.draws} draws`);
  }
  const title = campaign.title || id;
  return pageOf(`Statement on the draws of ${title}`, [
    summary(campaign, days, { timeZone, now }),
    rules(campaign, timeZone),
    prizes(table),
    history(changes),
    dayCounts(days),
    moments(certificates),
    gaps(days),
    seals(days),
    roots(days),
    howToCheck(campaign),
    appendix(days),
  ]);
}
