import {
  type CountryCode,
  parsePhoneNumberFromString,
} from "libphonenumber-js";
import { invalid } from "../errors.js";
import { invisibleIn } from "./invisible.js";

/** 1 to 64 visible ASCII characters, with spaces between them. */
const PLAIN = /^[!-~](?:[ -~]{0,62}[!-~])?$/;

/** Characters of a name that people type. */
const LONGEST_NAME = 64;

/** Characters of a token's subject, which programs make: URNs, e-mail addresses. OpenID Connect has no longer ones. */
export const LONGEST_SUBJECT = 255;

/**
 * The one form of a username: Unicode NFKC, trimmed, 1 to 64 characters (code points), none of them invisible. Throws
 * INVALID_REQUEST. Names that look the same in another Unicode form are the same user.
 */
export function parseUsername(text: string): string {
  if (PLAIN.test(text)) return text;
  const name = formOf(text, LONGEST_NAME);
  const invisible = invisibleIn(name);
  if (invisible) {
    throw invalid(
      "username",
      `must not hold invisible characters, such as its ${invisible}`,
    );
  }
  return name;
}

/** The user that a token's subject names: it must be in the one form already, and may be longer. Throws INVALID_REQUEST. */
export function parseSubject(text: string): string {
  if (PLAIN.test(text)) return text;
  const name = formOf(text, LONGEST_SUBJECT);
  if (name !== text || invisibleIn(name)) {
    throw invalid(
      "sub",
      "must be trimmed, in Unicode NFKC and without invisible characters",
    );
  }
  return name;
}

/**
 * A username to look wins up by, of `most` characters: one that won may have been made before invisible characters were
 * refused. Throws INVALID_REQUEST.
 */
export const parseWinner = (text: string, most = LONGEST_NAME): string =>
  PLAIN.test(text) ? text : formOf(text, most);

function formOf(text: string, most: number): string {
  // A lone surrogate would become U+FFFD on its way out, and so one name of many, as those that came as U+FFFD are.
  if (!text.isWellFormed() || text.includes("\ufffd")) {
    throw invalid("username", "must be well-formed Unicode text");
  }
  // Letters that NFKC writes for a pictograph, such as TM, have no colour.
  const name = text
    .replace(/(\p{Extended_Pictographic})[\ufe0e\ufe0f]/gu, plainWhereLetters)
    .normalize("NFKC")
    .trim();
  if (/\p{Cc}/u.test(name)) {
    throw invalid("username", "must not hold control characters");
  }
  const length = [...name].length;
  if (length < 1 || length > most) {
    throw invalid(
      "username",
      `must have 1 to ${most} characters after trimming and Unicode NFKC`,
    );
  }
  return name;
}

function plainWhereLetters(emoji: string, base: string): string {
  const letters = base.normalize("NFKC");
  return letters === base ? emoji : letters;
}

/**
 * A phone number in E.164, read as a person would: without invisible marks, whatever its spaces, dashes and digits look
 * like, also as a tel: URI. Throws INVALID_REQUEST, which names the field it came in.
 */
export function parsePhone(
  field: string,
  text: string,
  country: CountryCode,
): string {
  const cleaned = clean(text);
  // An empty field of a form: a win that is redeemed by mistake stays redeemed.
  if (!cleaned) {
    throw invalid(field, "is empty; leave it out, or send null, for no number");
  }
  const phone = parsePhoneNumberFromString(cleaned, {
    defaultCountry: country,
    extract: false,
  });
  if (!phone?.isValid()) {
    throw invalid(
      field,
      `must be a valid phone number, with its country code or as dialled in ${country}`,
    );
  }
  return phone.number;
}

/** A phone number as one would type it. */
function clean(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu, "")
    .replace(/[\p{Pd}\u2212\u2043\u30fc]/gu, "-")
    .replace(/[\s\p{Z}\p{Cc}\u2800]+/gu, " ")
    .trim()
    .replace(/\p{Nd}/gu, asciiDigit)
    .replace(/^tel:.*/i, unescapeUri)
    .replace(/^tel: ?/i, "");
}

/** Decimal digits stand in Unicode in tens, from nought to nine. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((code - zero) % 10);
}

function unescapeUri(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
