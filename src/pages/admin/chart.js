import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";

/**
 * @typedef {{ label: string, colour: string, dash?: number[] }} Line
 * @typedef {[number[], ...(number | null)[][]]} Data  x values, and one list of y values for each line
 */

const HEIGHT = 240;

/** As uPlot calls it. */
const LOGARITHMIC = /** @type {const} */ (3);

/** Told apart by people who see colours otherwise, and readable on white and on black (Okabe and Ito, adapted). */
export const COLOURS = [
  "#0b7ab8",
  "#c75a00",
  "#00946b",
  "#b8578f",
  "#8a7a00",
  "#5b6fd6",
  "#b3423a",
  "#6b7280",
];

/**
 * Lines over time or over draws. What they show is told in words beside it, so screen readers get `label` only.
 *
 * @param {{ label: string, lines: Line[], data: Data, timeZone?: string, tenfold?: boolean, shown: boolean }} props
 *   with a `timeZone`, x values are seconds since 1970; `tenfold`: on a logarithmic scale, which has no zero;
 *   not `shown`: nothing is drawn
 */
export function Chart({ label, lines, data, timeZone, tenfold, shown }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const chart = useRef(/** @type {import("uplot") | null} */ (null));
  const latest = useRef(data);
  latest.current = data;
  const key = JSON.stringify(lines);

  useEffect(() => {
    const element = place.current;
    if (!element || !shown) return;
    let gone = false;
    const sized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0) chart.current?.setSize({ width, height: HEIGHT });
    });
    const draw = (/** @type {typeof import("uplot")} */ uPlot) => {
      if (gone) return;
      const width = element.clientWidth;
      const look = options(uPlot, lines, timeZone, tenfold);
      chart.current = new uPlot(
        { ...look, width, height: HEIGHT },
        latest.current,
        element,
      );
      sized.observe(element);
    };
    // Without it there are the figures still.
    import("uplot").then(({ default: uPlot }) => draw(uPlot)).catch(() => {});
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const repaint = () => chart.current?.redraw(false, true);
    scheme.addEventListener("change", repaint);
    return () => {
      gone = true;
      scheme.removeEventListener("change", repaint);
      sized.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [key, timeZone, shown]);

  useEffect(() => chart.current?.setData(data), [data]);

  return html`<div>
    <ul class="legend">
      ${lines.map(
        ({ label, colour }) => html`<li key=${label}>
          <span class="swatch" style=${{ background: colour }}></span>${label}
        </li>`,
      )}
    </ul>
    <div class="chart" role="img" aria-label=${label} ref=${place}></div>
  </div>`;
}

/**
 * @param {typeof import("uplot")} uPlot
 * @param {Line[]} lines
 * @param {string | undefined} timeZone
 * @param {boolean | undefined} tenfold
 */
function options(uPlot, lines, timeZone, tenfold) {
  const styles = getComputedStyle(document.documentElement);
  const stroke = () => styles.getPropertyValue("--quiet");
  const grid = { stroke: "#8883", width: 1 };
  const whole = (/** @type {unknown} */ _, /** @type {number[]} */ marks) =>
    marks.map((mark) =>
      Number.isInteger(mark) ? mark.toLocaleString("en") : "",
    );
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: timeZone !== undefined },
      y: tenfold ? { distr: LOGARITHMIC, range: fromOne } : { range: fromZero },
    },
    axes: [
      timeZone
        ? { stroke, grid, values: clock }
        : { stroke, grid, values: whole },
      { stroke, grid, values: whole, size: 64 },
    ],
    series: [
      {},
      ...lines.map(({ label, colour, dash }) => ({
        label,
        stroke: colour,
        width: 2,
        ...(dash && { dash }),
        points: { show: false },
      })),
    ],
    ...(timeZone && {
      tzDate: (/** @type {number} */ seconds) =>
        uPlot.tzDate(new Date(seconds * 1_000), timeZone),
    }),
  };

  /** @param {unknown} _ @param {number[]} marks */
  function clock(_, marks) {
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      timeStyle: "short",
    });
    return marks.map((mark) => format.format(mark * 1_000));
  }
}

/** From zero, so that twice as high is twice as many. @param {unknown} _ @param {number | null} __ @param {number | null} most @returns {[number, number]} */
function fromZero(_, __, most) {
  return [0, Math.max(1, Math.ceil((most ?? 0) * 1.1))];
}

/** To a power of ten. @param {unknown} _ @param {number | null} __ @param {number | null} most @returns {[number, number]} */
function fromOne(_, __, most) {
  return [1, 10 ** Math.max(1, Math.ceil(Math.log10(most ?? 1)))];
}
