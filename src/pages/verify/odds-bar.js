import { html } from "../html.js";
import { palette } from "../sectors.js";
import { number, percent } from "./words.js";

const PARTS = 1_000_000_000;
const GREY = "#6b7280";

/** @typedef {import("./run.js").Explained} Explained */

/**
 * How a draw was decided, as a picture: the odds as they were, the roll on them, and what followed.
 *
 * @param {{ draw: Explained, isClosed: boolean, titleOf: (id: string) => string }} props
 */
export function OddsBar({ draw, isClosed, titleOf }) {
  const { roll, stretches, rest } = draw;
  const colours = palette(stretches.length);
  const parts = [
    ...stretches.map((stretch, n) => ({
      ...stretch,
      title: titleOf(stretch.id),
      colour: colours[n] ?? GREY,
    })),
    {
      id: "",
      title: "No prize",
      from: rest,
      to: PARTS,
      isLeft: true,
      isFallback: false,
      colour: GREY,
    },
  ].filter(({ from, to }) => to > from);
  const place = `${(roll / PARTS) * 100}%`;
  return html`
    <figure class="odds-bar">
      <div class="bar" aria-hidden="true">
        <span class="roll" style=${{ left: place }}></span>
        ${parts.map(
          ({
            id,
            from,
            to,
            colour,
            isLeft,
          }) => html`<span key=${id} class=${isLeft ? "" : "gone"}
            style=${{ width: `${((to - from) / PARTS) * 100}%`, background: colour }}></span>`,
        )}
      </div>
      <figcaption>
        <ol class="legend">
          ${parts.map(
            ({
              id,
              title,
              from,
              to,
              colour,
              isLeft,
            }) => html`<li key=${id} class=${roll >= from && roll < to ? "met" : ""}>
              <span class="swatch" style=${{ background: colour }}></span>
              <span>${title}${!isLeft && html` <em>(none could go at that moment)</em>`}</span>
              <span class="quiet">${number(from)} to ${number(to - 1)}, ${percent((to - from) / PARTS)}</span>
            </li>`,
          )}
        </ol>
        <ol class="story">${story(draw, isClosed, titleOf).map((sentence) => html`<li key=${sentence}>${sentence}</li>`)}</ol>
      </figcaption>
    </figure>`;
}

/** What followed from what. @param {Explained} draw @param {boolean} isClosed @param {(id: string) => string} titleOf */
function story({ roll, stretches, outcome, how, line }, isClosed, titleOf) {
  const met = stretches.find(({ from, to }) => roll >= from && roll < to);
  const [id = "", unit, dayUnit] = outcome.split(":");
  const prize = titleOf(id);
  const won = `${prize}: unit ${number(Number(unit))} of all, ${number(Number(dayUnit))} of the day.`;
  const known = isClosed
    ? "It follows from the day’s secret and from who drew."
    : "Whether it is the right one can be computed when the day’s secret is published.";
  const sentences = [`The roll was ${number(roll)}. ${known}`];
  if (how === "moment") {
    sentences.push(
      "A winning moment was due, which goes before the odds: whoever drew next won it.",
    );
  } else if (!met) {
    sentences.push("It falls behind the stretches of all prizes.");
  } else {
    sentences.push(
      `It falls in the stretch of ${titleOf(met.id)}: ${number(met.from)} to ${number(met.to - 1)}.`,
    );
    if (!met.isLeft)
      sentences.push(
        `No unit of ${titleOf(met.id)} could go: its quota was used up, or no more of it was released at that moment.`,
      );
  }
  if (how === "fallback")
    sentences.push(
      `So it is ${prize}, which whoever would get no prize gets while it lasts.`,
    );
  if (how === "limited")
    sentences.push(
      "This person had won as often as the rules allow, so it is no prize.",
    );
  sentences.push(
    outcome === "-" ? "No prize." : won,
    `It is line ${number(line)} of the log.`,
  );
  return sentences;
}
