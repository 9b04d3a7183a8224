/** The campaign's zone: all times on the page are in it. */
export let timeZone = document.documentElement.dataset.timeZone ?? "UTC";

const numbers = new Intl.NumberFormat("en");

const percents = new Intl.NumberFormat("en", {
  style: "percent",
  maximumSignificantDigits: 9,
});

const inZone = () =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone,
    dateStyle: "medium",
    timeStyle: "short",
  });
let moments = inZone();

/** The zone of a campaign that has its own. @param {string} name */
export function setTimeZone(name) {
  if (name === timeZone) return;
  timeZone = name;
  moments = inZone();
}

/** @param {number | null | undefined} count null: not known */
export function number(count) {
  return count === null || count === undefined ? "–" : numbers.format(count);
}

/** @param {number | null} count null: unlimited */
export function quota(count) {
  return count === null ? "unlimited" : numbers.format(count);
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${numbers.format(count)} ${count === 1 ? one : many}`;
}

/** @param {number} odds from 0 to 1 */
export function percent(odds) {
  return percents.format(odds);
}

/** @param {string} text in RFC 3339 */
export function moment(text) {
  return moments.format(new Date(text));
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 120) return counted(Math.round(seconds), "second");
  return counted(Math.round(seconds / 60), "minute");
}
