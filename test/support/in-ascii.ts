/** A text in ASCII, for a test's name: tap reads U+2028 in one as the end of a line. */
export const spelled = (text: string) =>
  text.replace(
    /[^ -~]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
