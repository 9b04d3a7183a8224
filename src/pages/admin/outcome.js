import { useMemo } from "preact/hooks";
import { html } from "../html.js";
import { Chart, COLOURS } from "./chart.js";
import { number, percent } from "./words.js";

/**
 * @typedef {{
 *   draws: number, no_prize: number, edited: boolean,
 *   prizes: { id: string, title: string, wins: number, sold_out_at_draw: number | null }[],
 *   points: { draws: number, wins: Record<string, number> }[]
 * }} Simulated  `edited`: with what was typed, not as published
 */

/**
 * What a simulated day gave: wins over its draws as a chart, and in numbers.
 *
 * @param {{ simulated: Simulated }} props
 */
export function Outcome({ simulated }) {
  const { draws, no_prize, prizes, points, edited } = simulated;
  // Beyond so many lines, a chart tells nothing.
  const charted = [...prizes]
    .sort((one, other) => other.wins - one.wins)
    .slice(0, COLOURS.length);
  const data = useMemo(
    () =>
      /** @type {import("./chart.js").Data} */ ([
        points.map((point) => point.draws),
        ...charted.map(({ id }) => points.map(({ wins }) => wins[id] || null)),
      ]),
    [simulated],
  );
  const lines = charted.map(({ title }, n) => ({
    label: title,
    colour: COLOURS[n] ?? "",
    ...(n % 2 === 1 && { dash: [8, 4] }),
  }));
  return html`<figure>
    <figcaption>
      A day of ${number(draws)} draws, with the prizes ${edited ? "as edited" : "as published"}:
      wins of each prize, draw by draw. Each step up the scale is ten times as many; a flat line is a prize sold out.
    </figcaption>
    <${Chart} label="Wins of each prize over the draws of the day" lines=${lines} data=${data} tenfold=${true} shown=${true} />
    <div class="scroll" tabindex="0" role="region" aria-label="What the day gave">
      <table>
        <thead>
          <tr>
            <th scope="col">Prize</th>
            <th scope="col">Wins</th>
            <th scope="col">Share</th>
            <th scope="col">Sold out</th>
          </tr>
        </thead>
        <tbody>
          ${prizes.map(
            ({ id, title, wins, sold_out_at_draw: end }) => html`<tr key=${id}>
              <th scope="row">${title}</th>
              <td>${number(wins)}</td>
              <td>${percent(share(wins, draws))}</td>
              <td>${soldOut(end)}</td>
            </tr>`,
          )}
          <tr>
            <th scope="row">No prize</th>
            <td>${number(no_prize)}</td>
            <td>${percent(share(no_prize, draws))}</td>
            <td></td>
          </tr>
        </tbody>
      </table>
    </div>
  </figure>`;
}

/** Rounded to hundredths of a percent: chance is not more exact. @param {number} count @param {number} draws */
function share(count, draws) {
  return Math.round((count / draws) * 10_000) / 10_000;
}

/** @param {number | null} draw */
function soldOut(draw) {
  if (draw === null) return "no";
  return draw === 0 ? "before it began" : `at draw ${number(draw)}`;
}
