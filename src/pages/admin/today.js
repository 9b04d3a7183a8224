import { html } from "../html.js";
import { Minutes } from "./minutes.js";
import { Stock } from "./stock.js";
import { duration, moment, number } from "./words.js";

/** Seconds after which a win that waits for Postgres is no longer on its usual way. */
const LATE = 5;

/**
 * Today and all time at a glance, as it happens.
 *
 * @param {{ live: import("./live.js").Live, shown: boolean }} props
 */
export function Today({ live: { connected, figures }, shown }) {
  return html`
    <div class="title">
      <h2 id="today-title">Today</h2>
      <p class=${connected ? "live" : "live lost"} role="status">
        ${connected ? "Live" : figures ? "Connection lost; trying again…" : "Connecting…"}
      </p>
    </div>
    ${
      figures?.problem &&
      html`<p class="note bad" role="alert">
        ${figures.problem}
        ${figures.stale && figures.today && ` They are of ${moment(figures.at)}.`}
      </p>`
    }
    ${figures?.today && html`<${Figures} figures=${figures} shown=${shown} />`}
  `;
}

/** @param {{ figures: import("./live.js").FullFigures, shown: boolean }} props */
function Figures({ figures, shown }) {
  const { date, today, ever, outbox, refusals, per_minute, prizes } = figures;
  return html`
    <p class="quiet">${day(date)}. The next day begins ${moment(figures.resets_at)}.</p>
    <dl class="tiles">
      <${Tile} name="Draws" today=${today.draws} ever=${ever.draws} />
      <${Tile} name="Wins" today=${today.wins} ever=${ever.wins} />
      <${Tile} name="Redeemed" today=${today.redemptions} ever=${ever.redemptions} />
      <${Tile} name="Forfeited" today=${today.forfeited} ever=${ever.forfeited} />
      <${Outbox} entries=${outbox.entries} oldest=${outbox.oldest_seconds} />
      <${Refusals} refusals=${refusals} />
    </dl>
    <${Minutes} minutes=${per_minute} shown=${shown} />
    <${Stock} prizes=${prizes} />
  `;
}

/** @param {{ name: string, today: number | null, ever: number | null }} props */
function Tile({ name, today, ever }) {
  return html`<div class="tile">
    <dt>${name}</dt>
    <dd><strong>${number(today)}</strong> <span>${number(ever)} in all</span></dd>
  </div>`;
}

/** @param {{ entries: number, oldest: number | null }} props */
function Outbox({ entries, oldest }) {
  const late = oldest !== null && oldest > LATE;
  return html`<div class=${late ? "tile bad" : "tile"}>
    <dt>Outbox</dt>
    <dd>
      <strong>${number(entries)}</strong>
      <span>
        ${
          late
            ? `waiting for Postgres for ${duration(oldest)}`
            : entries > 0
              ? `${entries === 1 ? "win" : "wins"} on the way to Postgres`
              : "every win is in Postgres"
        }
      </span>
    </dd>
  </div>`;
}

/** How many codes are told one by one. */
const TOLD = 3;

/** @param {{ refusals: Record<string, number> }} props */
function Refusals({ refusals }) {
  const codes = Object.entries(refusals).sort(([, a], [, b]) => b - a);
  const total = (/** @type {typeof codes} */ list) =>
    list.reduce((sum, [, count]) => sum + count, 0);
  const others = total(codes.slice(TOLD));
  return html`<div class="tile">
    <dt>Refusals</dt>
    <dd>
      <strong>${number(total(codes))}</strong>
      <span>by this server since its start</span>
      <ul>
        ${codes
          .slice(0, TOLD)
          .map(
            ([code, count]) =>
              html`<li key=${code}>${number(count)} × ${code.toLowerCase().replaceAll("_", " ")}</li>`,
          )}
        ${others > 0 && html`<li>${number(others)} × others</li>`}
      </ul>
    </dd>
  </div>`;
}

/** @param {string} date such as 2026-11-25 */
function day(date) {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC",
    dateStyle: "full",
  }).format(new Date(date));
}
