/**
 * What nobody sees: Unicode's default-ignorable code points, format characters but for the visible Arabic, Syriac and
 * Kaithi ones, ends of lines and paragraphs, blanks that are no spaces (Braille, a musical note head, Khitan's filler),
 * private use, and what has no character: those that are given out later may look like anything. Emoji to come are known.
 */
const INVISIBLE =
  /[\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Co}\u1680\u2800\u{1d159}\u{16fe4}\ufffc]|(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])\p{Cf}|(?!\p{Extended_Pictographic})\p{Cn}/u;

/** Signs of canonical combining class 9, which join consonants. */
const VIRAMA =
  "\\u094d\\u09cd\\u0a4d\\u0acd\\u0b4d\\u0bcd\\u0c4d\\u0ccd\\u0d3b\\u0d3c\\u0d4d\\u0dca\\u0f84\\u1039\\u103a\\u1714\\u1734\\u17d2\\u1a60\\u1b44\\u1baa\\u1bab\\u1bf2\\u1bf3\\ua806\\ua8c4\\ua953\\ua9c0\\uaaf6\\uabed";

/** Letters that join to the next one, of the scripts in which they do so; the others of Arabic have nothing to part. */
const JOINS =
  "(?:(?![\\u0621-\\u0625\\u0627\\u0629\\u062f-\\u0632\\u0648\\u0671-\\u0677\\u0688-\\u0699\\u06c0\\u06c3-\\u06cb\\u06cd\\u06cf\\u06d2\\u06d3\\u06d5\\u06ee\\u06ef\\u0759-\\u075b\\u076b\\u076c\\u0771\\u0773\\u0774\\u0778\\u0779\\u08aa-\\u08ac\\u08ae\\u08b1\\u08b2\\u08b9])\\p{Script=Arabic}|\\p{Script=Syriac}|\\p{Script=Mongolian}|\\p{Script=Nko}|\\p{Script=Adlam}|\\p{Script=Hanifi_Rohingya})\\p{Mn}*";

/** Where joiners and selectors change what is seen. Of joiners as RFC 5892, A.1 and A.2, has it, and the Bengali ya after ra. */
const NEEDED = [
  // Emoji: flags of England, Scotland and Wales; skin, text or colour, families; keycaps.
  "\\u{1f3f4}\\u{e0067}\\u{e0062}(?:\\u{e0065}\\u{e006e}\\u{e0067}|\\u{e0073}\\u{e0063}\\u{e0074}|\\u{e0077}\\u{e006c}\\u{e0073})\\u{e007f}",
  "\\p{Extended_Pictographic}\\p{Emoji_Modifier}?[\\ufe0e\\ufe0f]?(?:\\u200d\\p{Extended_Pictographic}\\p{Emoji_Modifier}?[\\ufe0e\\ufe0f]?)*",
  "[0-9#*]\\ufe0f?\\u20e3",
  `(?<=[${VIRAMA}])(?:\\u200d|\\u200c(?=\\p{L}))`,
  `(?<=\\p{L})\\u200d(?=[\\u09cd\\u0ccd])`,
  `(?<=${JOINS})\\u200c(?=[\\p{Script=Arabic}\\p{Script=Syriac}\\p{Script=Mongolian}\\p{Script=Nko}\\p{Script=Adlam}\\p{Script=Hanifi_Rohingya}])`,
  // Variants of ideographs, Myanmar's and Phags-pa's letters; Mongolian forms and its vowel separator.
  "(?<=\\p{Script=Han})[\\ufe00-\\ufe02\\u{e0100}-\\u{e01ef}]",
  "(?<=[\\p{Script=Myanmar}\\p{Script=Phags_Pa}])\\ufe00",
  "(?<=\\p{Script=Mongolian})(?:[\\u180b-\\u180d\\u180f]|\\u180e(?=\\p{Script=Mongolian}))",
];

const needed = new RegExp(NEEDED.join("|"), "gu");

/** The first character of a text that nobody sees and no script or emoji needs there, as in U+200B; undefined where there is none. */
export function invisibleIn(text: string): string | undefined {
  const [found] = INVISIBLE.exec(text.replace(needed, "x")) ?? [];
  if (found === undefined) return undefined;
  const code = found.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
