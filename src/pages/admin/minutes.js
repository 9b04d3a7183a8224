import { useMemo } from "preact/hooks";
import { html } from "../html.js";
import { Chart, COLOURS } from "./chart.js";
import { counted, timeZone } from "./words.js";

/** @typedef {{ minute: string, draws: number, wins: number }} Minute */

const LINES = [
  { label: "Draws a minute", colour: COLOURS[0] ?? "" },
  { label: "Wins a minute", colour: COLOURS[1] ?? "", dash: [6, 3] },
];

/**
 * Draws and wins of the last hour. The minute under way is left out of the chart: it would always look like a fall.
 *
 * @param {{ minutes: Minute[], shown: boolean }} props  oldest first, the last one under way
 */
export function Minutes({ minutes, shown }) {
  const now = minutes.at(-1);
  const last = minutes.at(-2);
  const begun = now?.minute;
  const data = useMemo(() => dataOf(minutes.slice(0, -1)), [begun]);
  return html`<figure class="panel">
    <figcaption>
      <h3>The last hour</h3>
      <p>
        ${now && `This minute so far: ${rates(now)}.`}
        ${last && ` The minute before: ${rates(last)}.`}
      </p>
    </figcaption>
    ${
      minutes.length > 2
        ? html`<${Chart}
            label="Draws and wins in each minute of the last hour"
            lines=${LINES}
            data=${data}
            timeZone=${timeZone}
            shown=${shown}
          />`
        : html`<p class="quiet">The chart begins after two minutes.</p>`
    }
  </figure>`;
}

/** @param {Minute} minute */
function rates({ draws, wins }) {
  return `${counted(draws, "draw")}, ${counted(wins, "win")}`;
}

/** With a gap where nobody counted. @param {Minute[]} minutes @returns {import("./chart.js").Data} */
function dataOf(minutes) {
  const times = minutes.map(({ minute }) => Date.parse(minute) / 1_000);
  const known = new Map(times.map((time, n) => [time, minutes[n]]));
  const [first = 0] = times;
  const all = [];
  for (let time = first; time <= (times.at(-1) ?? -1); time += 60) {
    all.push(time);
  }
  return [
    all,
    all.map((time) => known.get(time)?.draws ?? null),
    all.map((time) => known.get(time)?.wins ?? null),
  ];
}
