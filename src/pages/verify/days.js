import { useEffect, useState } from "preact/hooks";

/** @typedef {{ campaign: string, day: string, isClosed: boolean }} Day */

/** The days that were sealed, the newest first, and a sentence where there are none. */
export function useDays() {
  const [days, setDays] = useState(/** @type {Day[]} */ ([]));
  const [sentence, setSentence] = useState("Looking for days…");
  useEffect(() => {
    readDays().then(
      (days) => {
        setDays(days);
        // The one that is still open has nothing to compute the rolls by.
        setSentence("No day can be checked here yet.");
      },
      () => setSentence("The list of days could not be read."),
    );
  }, []);
  return { days, sentence };
}

/** @returns {Promise<Day[]>} */
async function readDays() {
  const answer = await fetch("../proof", { cache: "no-cache" });
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(String(answer.status));
  const { data } = await answer.json();
  return data.days.map(
    (
      /** @type {{ campaign: string, day: string, closed: boolean }} */ {
        campaign,
        day,
        closed,
      },
    ) => ({
      campaign,
      day,
      isClosed: closed,
    }),
  );
}
