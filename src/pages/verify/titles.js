import { useEffect, useState } from "preact/hooks";

/** What the prizes of a campaign are called, where the service tells it: the log has their ids. @param {string | undefined} campaign */
export function useTitles(campaign) {
  const [titles, setTitles] = useState(
    /** @type {Map<string, string>} */ (new Map()),
  );
  useEffect(() => {
    if (campaign === undefined) return;
    readTitles(campaign).then(setTitles, () => {});
  }, [campaign]);
  return (/** @type {string} */ id) => titles.get(id) ?? id;
}

/** @param {string} campaign */
async function readTitles(campaign) {
  const answer = await fetch(
    `../prizes?campaign=${encodeURIComponent(campaign)}`,
  );
  const { data } = await answer.json();
  return new Map(
    data.prizes.map(
      (/** @type {{ id: string, title: string }} */ { id, title }) => [
        id,
        title,
      ],
    ),
  );
}
