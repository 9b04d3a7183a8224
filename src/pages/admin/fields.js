/** @typedef {import("./edits.js").Row} Row @typedef {import("./edits.js").Texts} Texts */

/** Odds are counted in parts of this many, as the draw does. */
export const WHOLE = 1_000_000_000;

const MOST_UNITS = 2_147_483_647;

/** A row from what its fields hold. @param {string} key @param {Texts} texts @returns {Row} */
export function read(key, texts) {
  /** @type {Row["mistakes"]} */
  const mistakes = {};
  const id = texts.id.trim();
  const title = texts.title.trim();
  const probability = parts(texts.probability);
  const daily_quota = units(texts.daily_quota);
  const total_quota = units(texts.total_quota);
  const release = times(texts.release);
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
  if (release === undefined) {
    mistakes.release = "Two times of day such as 09:00-21:00, or empty.";
  } else if (release.release_from && daily_quota === null) {
    mistakes.release = "Needs a daily quota.";
  }
  if (
    release === undefined ||
    probability === undefined ||
    daily_quota === undefined ||
    total_quota === undefined ||
    Object.keys(mistakes).length > 0
  ) {
    return { key, texts, mistakes };
  }
  const { active, fallback } = texts;
  const odds = probability / WHOLE;
  return {
    key,
    texts,
    mistakes,
    fields: {
      id,
      title,
      probability: odds,
      daily_quota,
      total_quota,
      ...release,
      active,
      fallback,
    },
  };
}

/** undefined where they are none. @param {string} text */
function times(text) {
  if (text.trim() === "") return { release_from: null, release_to: null };
  const time = "((?:[01]\\d|2[0-3]):[0-5]\\d|24:00)";
  const found = new RegExp(`^${time}\\s*[-–]\\s*${time}$`).exec(text.trim());
  const [, release_from = "", release_to = ""] = found ?? [];
  return release_from < release_to ? { release_from, release_to } : undefined;
}

/** Percent → parts of WHOLE, undefined where it is none. @param {string} text */
export function parts(text) {
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
