import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { outcomesOf, sectorsOf } from "./sectors.js";

/**
 * @typedef {import("./prizes.js").Stock} Stock
 * @typedef {import("./sectors.js").Sector} Sector
 * @typedef {import("spin-wheel").Wheel} Spinner
 * @typedef {"still" | "turning" | { id: string | null }} Motion  `id`: of the prize to stop at, null for "no prize"
 */

const STOPPING = 4_200;
const LONGEST_LABEL = 16;

/** Degrees under which a sector has no room for letters. */
const NARROW = 12;

/** Where it can't be had, the answer comes without it. */
const ignore = () => {};

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Shows the odds as a wheel, and turns it to where the server decided. `rested` is called when it stands there, at
 * once where it can't or should not turn. Screen readers have the table of odds instead.
 *
 * @param {{ stock: Stock | undefined, evenly: boolean, motion: Motion, rested: () => void }} props
 */
export function Wheel({ stock, evenly, motion, rested }) {
  const sectors = useMemo(
    () => (stock ? sectorsOf(outcomesOf(stock.prizes), evenly) : []),
    [stock, evenly],
  );
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [spinner, setSpinner] = useState(/** @type {Spinner | null} */ (null));

  useEffect(() => {
    let gone = false;
    /** @type {Spinner | undefined} */
    let made;
    import("spin-wheel").then(({ Wheel }) => {
      if (gone || !place.current) return;
      made = new Wheel(place.current, LOOK);
      setSpinner(made);
    }, ignore);
    return () => {
      gone = true;
      made?.remove();
    };
  }, []);

  useEffect(() => {
    if (!spinner || sectors.length === 0) return;
    spinner.items = items(sectors);
    // What the pointer stands on is not changed by news of the prizes.
    const at = typeof motion === "object" ? indexOf(sectors, motion.id) : -1;
    if (at >= 0) spinner.spinToItem(at, 0, true, 0, 1);
  }, [spinner, sectors]);

  useEffect(() => {
    if (motion === "still") spinner?.stop();
    if (motion === "turning" && !calm.matches) spinner?.spin(240);
    if (typeof motion !== "object") return;
    const at = indexOf(sectors, motion.id);
    const time = spinner && at >= 0 && !calm.matches ? STOPPING : 0;
    spinner?.stop();
    if (at >= 0) spinner?.spinToItem(at, time, true, time ? 2 : 0, 1, slowDown);
    // Not the wheel's own event: a hidden tab draws nothing, and its visitor has an answer all the same.
    const timer = setTimeout(rested, time);
    return () => clearTimeout(timer);
  }, [spinner, motion]);

  useEffect(() => {
    if (!spinner) return;
    spinner.onRest = () => {
      const { outcome } = sectors[spinner.getCurrentIndex()] ?? {};
      if (place.current) place.current.dataset.pointsAt = outcome?.id ?? "";
    };
  }, [spinner, sectors]);

  return html`<div class="wheel" aria-hidden="true">
    <div class="disc" ref=${place}></div>
    <div class="pointer"></div>
  </div>`;
}

const LOOK = {
  isInteractive: false,
  rotationResistance: 0,
  rotationSpeedMax: 1_000,
  radius: 0.96,
  borderWidth: 8,
  borderColor: "#ffffff",
  lineWidth: 2,
  lineColor: "#ffffff",
  itemLabelFont: "system-ui, sans-serif",
  itemLabelFontSizeMax: 28,
  itemLabelRadius: 0.92,
  itemLabelRadiusMax: 0.22,
};

/** @param {Sector[]} sectors */
function items(sectors) {
  const whole = sectors.reduce((sum, { weight }) => sum + weight, 0);
  return sectors.map(({ outcome, weight }) => ({
    weight,
    label: (weight / whole) * 360 < NARROW ? "" : label(outcome),
    backgroundColor: outcome.colour,
    labelColor: outcome.soldOut ? "#1f2430" : "#ffffff",
  }));
}

/** @param {Sector["outcome"]} outcome */
function label({ title, soldOut }) {
  const characters = [...title];
  const short =
    characters.length > LONGEST_LABEL
      ? `${characters
          .slice(0, LONGEST_LABEL - 1)
          .join("")
          .trimEnd()}…`
      : title;
  return soldOut ? `${short} (sold out)` : short;
}

/** One of the sectors of an outcome; all are as good. @param {Sector[]} sectors @param {string | null} id */
function indexOf(sectors, id) {
  const fitting = sectors.flatMap(({ outcome }, n) =>
    outcome.id === id ? [n] : [],
  );
  return fitting[Math.floor(Math.random() * fitting.length)] ?? -1;
}

/** @param {number} part of the time @returns part of the way */
function slowDown(part) {
  return 1 - (1 - part) ** 3;
}
