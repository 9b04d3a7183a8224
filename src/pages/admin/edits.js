import { parts, read } from "./fields.js";

/**
 * What is typed into the table of prizes, apart from the prizes as they are saved: whatever happens to those, the
 * typing stays.
 *
 * @typedef {import("typebox").Static<typeof import("../../admin/schemas/prize-table.js").PrizeTableAnswer>["data"]} PrizeTable
 * @typedef {PrizeTable["prizes"][number]} Prize
 * @typedef {{ id: string, title: string, probability: number, daily_quota: number | null, total_quota: number | null, active: boolean, fallback: boolean,
 *   release_from: string | null, release_to: string | null }} PrizeFields
 * @typedef {{ id: string, title: string, probability: string, daily_quota: string, total_quota: string, release: string, active: boolean, fallback: boolean }} Texts
 *   `probability` in percent; `release`: two times of day, such as 09:00-21:00
 * @typedef {keyof Texts} Field
 * @typedef {{ changed: Record<string, Partial<Texts>>, added: Texts[] }} Typed  `changed` by the id of the prize
 * @typedef {{
 *   key: string, saved?: Prize | undefined, texts: Texts, fields?: PrizeFields | undefined,
 *   mistakes: Partial<Record<Field, string>>
 * }} Row  `fields` are undefined where there are mistakes
 */

/** @type {Typed} */
export const NOTHING = { changed: {}, added: [] };

/** @type {Texts} */
export const NEW_PRIZE = {
  id: "",
  title: "",
  probability: "",
  daily_quota: "",
  total_quota: "",
  release: "",
  active: true,
  fallback: false,
};

/** @param {Typed} typed */
export const isTyped = ({ changed, added }) =>
  added.length > 0 || Object.keys(changed).length > 0;

/** @param {Prize} prize @returns {Texts} */
export function textsOf({ probability, daily_quota, total_quota, ...prize }) {
  const percent = (probability * 100).toFixed(7).replace(/\.?0+$/, "");
  const text = (/** @type {number | null} */ quota) =>
    quota === null ? "" : String(quota);
  return {
    id: prize.id,
    title: prize.title,
    probability: percent,
    daily_quota: text(daily_quota),
    total_quota: text(total_quota),
    release: releaseOf(prize),
    active: prize.active,
    fallback: prize.fallback,
  };
}

/** @param {{ release_from: string | null, release_to: string | null }} prize */
function releaseOf({ release_from, release_to }) {
  const short = (/** @type {string} */ time) => time.replace(/:00$/, "");
  return release_from && release_to
    ? `${short(release_from)}-${short(release_to)}`
    : "";
}

/**
 * The typing with one more field; what is typed back to what is saved is no longer an edit.
 *
 * @param {Typed} typed
 * @param {Row} row
 * @param {Partial<Texts>} edit
 * @returns {Typed}
 */
export function edited(typed, { key, saved, texts }, edit) {
  if (!saved) {
    const added = [...typed.added];
    added[Number(key)] = { ...texts, ...edit };
    return { ...typed, added };
  }
  const own = Object.entries(textsOf(saved));
  const all = { ...typed.changed[saved.id], ...edit };
  const left = Object.entries(all).filter(
    ([field, text]) =>
      !own.some(([name, old]) => name === field && old === text),
  );
  const { [saved.id]: _, ...others } = typed.changed;
  const mine = left.length > 0 && { [saved.id]: Object.fromEntries(left) };
  return { ...typed, changed: { ...others, ...mine } };
}

/** The table as it would be. @param {Prize[]} prizes @param {Typed} typed @returns {Row[]} */
export function rowsOf(prizes, { changed, added }) {
  const saved = prizes.map((prize) => {
    const mine = changed[prize.id] ?? {};
    const row = read(prize.id, { ...textsOf(prize), ...mine });
    return {
      ...row,
      fields: row.fields && keep(prize, mine, row.fields),
      saved: prize,
    };
  });
  const rows = added.map((texts, n) => read(String(n), texts));
  const ids = [...prizes, ...added].map(({ id }) => id.trim());
  for (const row of rows) {
    const twins = ids.filter((id) => id === row.texts.id.trim());
    if (twins.length > 1) {
      row.mistakes.id = "There is a prize with this id already.";
      row.fields = undefined;
    }
  }
  return [...saved, ...rows];
}

/**
 * What was not typed stays as it is saved, with all its digits and spaces.
 *
 * @param {Prize} prize
 * @param {Partial<Texts>} mine
 * @param {PrizeFields} read
 * @returns {PrizeFields}
 */
function keep(prize, mine, read) {
  const { id, title, probability, daily_quota, total_quota } = prize;
  const { active, fallback, release_from, release_to } = prize;
  const odds = { probability, daily_quota, total_quota };
  const release = { release_from, release_to };
  const saved = { id, title, ...odds, ...release, active, fallback };
  const typed = Object.entries(read).filter(
    ([field]) =>
      field in mine || (field.startsWith("release") && "release" in mine),
  );
  return { ...saved, ...Object.fromEntries(typed) };
}

/** The id of the active fallback. @param {Row[]} rows */
export function insteadOf(rows) {
  const fallback = rows.find(({ texts }) => texts.active && texts.fallback);
  return fallback?.texts.id;
}

/** The sum of odds of the active prizes in parts of WHOLE, as far as it can be read. @param {Row[]} rows */
export function sumOf(rows) {
  return rows
    .filter(({ texts }) => texts.active)
    .reduce((sum, { texts }) => sum + (parts(texts.probability) ?? 0), 0);
}
