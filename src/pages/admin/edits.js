/**
 * What is typed into the table of prizes, apart from the prizes as they are saved: whatever happens to those, the
 * typing stays.
 *
 * @typedef {import("typebox").Static<typeof import("../../admin/schemas.js").PrizeTableAnswer>["data"]} PrizeTable
 * @typedef {PrizeTable["prizes"][number]} Prize
 * @typedef {{ id: string, title: string, probability: number, daily_quota: number | null, total_quota: number | null, active: boolean }} PrizeFields
 * @typedef {{ id: string, title: string, probability: string, daily_quota: string, total_quota: string, active: boolean }} Texts
 *   `probability` in percent
 * @typedef {keyof Texts} Field
 * @typedef {{ changed: Record<string, Partial<Texts>>, added: Texts[] }} Typed  `changed` by the id of the prize
 * @typedef {{
 *   key: string, saved?: Prize | undefined, texts: Texts, fields?: PrizeFields | undefined,
 *   mistakes: Partial<Record<Field, string>>
 * }} Row  `fields` are undefined where there are mistakes
 */

/** Odds are counted in parts of this many, as the draw does. */
export const WHOLE = 1_000_000_000;

const MOST_UNITS = 2_147_483_647;

/** @type {Typed} */
export const NOTHING = { changed: {}, added: [] };

/** @type {Texts} */
export const NEW_PRIZE = {
  id: "",
  title: "",
  probability: "",
  daily_quota: "",
  total_quota: "",
  active: true,
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
    active: prize.active,
  };
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
  const { id, title, probability, daily_quota, total_quota, active } = prize;
  const saved = { id, title, probability, daily_quota, total_quota, active };
  const typed = Object.entries(read).filter(([field]) => field in mine);
  return { ...saved, ...Object.fromEntries(typed) };
}

/** The sum of odds of the active prizes in parts of WHOLE, as far as it can be read. @param {Row[]} rows */
export function sumOf(rows) {
  return rows
    .filter(({ texts }) => texts.active)
    .reduce((sum, { texts }) => sum + (parts(texts.probability) ?? 0), 0);
}

/** @param {string} key @param {Texts} texts @returns {Row} */
function read(key, texts) {
  /** @type {Row["mistakes"]} */
  const mistakes = {};
  const id = texts.id.trim();
  const title = texts.title.trim();
  const probability = parts(texts.probability);
  const daily_quota = units(texts.daily_quota);
  const total_quota = units(texts.total_quota);
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(id)) {
    mistakes.id = "1 to 64 letters, digits, dots, dashes or underscores.";
  }
  if (!/^[^\p{Cc}\p{Cs}]{1,200}$/u.test(title)) {
    mistakes.title = "1 to 200 characters.";
  }
  if (probability === undefined) {
    mistakes.probability = "0 to 100, with 7 decimals at most.";
  }
  const whole = "A whole number, or empty for unlimited.";
  if (daily_quota === undefined) mistakes.daily_quota = whole;
  if (total_quota === undefined) mistakes.total_quota = whole;
  if (
    probability === undefined ||
    daily_quota === undefined ||
    total_quota === undefined ||
    Object.keys(mistakes).length > 0
  ) {
    return { key, texts, mistakes };
  }
  const { active } = texts;
  const odds = probability / WHOLE;
  return {
    key,
    texts,
    mistakes,
    fields: { id, title, probability: odds, daily_quota, total_quota, active },
  };
}

/** Percent → parts of WHOLE, undefined where it is none. @param {string} text */
function parts(text) {
  const percent = text.trim().replace(",", ".");
  if (!/^(\d{1,3}(\.\d{0,7})?|\.\d{1,7})$/.test(percent)) return undefined;
  const count = Math.round(Number(percent) * (WHOLE / 100));
  return count <= WHOLE ? count : undefined;
}

/** null for unlimited, undefined where it is none. @param {string} text */
function units(text) {
  const digits = text.replace(/[\s,’']/g, "");
  if (digits === "") return null;
  if (!/^\d{1,10}$/.test(digits)) return undefined;
  const count = Number(digits);
  return count <= MOST_UNITS ? count : undefined;
}
