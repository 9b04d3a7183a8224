import {
  type CountryCode,
  parsePhoneNumberFromString,
} from "libphonenumber-js";
import { invalid } from "./errors.js";

/** 1 to 64 visible ASCII characters, with spaces between them. */
const PLAIN = /^[!-~](?:[ -~]{0,62}[!-~])?$/;

/**
 * The one form of a username: Unicode NFKC, trimmed, 1 to 64 characters (code points). Throws INVALID_REQUEST.
 * Names that look the same in another Unicode form are the same user.
 */
export function parseUsername(text: string): string {
  // Most names are plain, and are in that form already.
  if (PLAIN.test(text)) return text;
  // A lone surrogate would become U+FFFD on its way out, and so one name of many.
  if (!text.isWellFormed()) {
    throw invalid("username", "must be well-formed Unicode text");
  }
  const name = text.normalize("NFKC").trim();
  if (/\p{Cc}/u.test(name)) {
    throw invalid("username", "must not hold control characters");
  }
  const length = [...name].length;
  if (length < 1 || length > 64) {
    throw invalid(
      "username",
      "must have 1 to 64 characters after trimming and Unicode NFKC",
    );
  }
  return name;
}

/** A phone number in E.164. Throws INVALID_REQUEST, which names the field it came in. */
export function parsePhone(
  field: string,
  text: string,
  country: CountryCode,
): string {
  const phone = parsePhoneNumberFromString(text, {
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
