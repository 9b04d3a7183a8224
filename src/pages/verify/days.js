import { useEffect, useState } from "preact/hooks";

/** Of a hundred days: older ones are checked by their receipts, or by npm run verify. */
const MOST_PAGES = 20;

/** @typedef {{ campaign: string, day: string, isClosed: boolean }} Day */

/** The days that were sealed, the newest first, and a sentence where there are none. */
export function useDays() {
  const [days, setDays] = useState(/** @type {Day[]} */ ([]));
  const [sentence, setSentence] = useState("Looking for days…");
  useEffect(() => {
    readDays().then(
      (days) => {
        setDays(days);
        setSentence("No day can be checked here yet.");
      },
      () => setSentence("The list of days could not be read."),
    );
  }, []);
  return { days, sentence };
}

/** Of the campaign that the address names, or of all. @returns {Promise<Day[]>} */
async function readDays() {
  const query = new URLSearchParams({ limit: "100" });
  const campaign = new URLSearchParams(location.search).get("campaign");
  if (campaign) query.set("campaign", campaign);
  /** @type {Day[]} */
  const days = [];
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const answer = await fetch(`../proof?${query}`, { cache: "no-cache" });
    if (!answer.ok) throw new Error(String(answer.status));
    const { data } = await answer.json();
    for (const { campaign, day, closed: isClosed } of data.days) {
      days.push({ campaign, day, isClosed });
    }
    if (!data.next_cursor) break;
    query.set("cursor", data.next_cursor);
  }
  return days;
}
