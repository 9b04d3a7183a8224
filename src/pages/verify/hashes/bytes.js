/** Text and bytes, strictly: what is not in its one form is refused. */

/** A number in its one form, which JavaScript holds exactly. */
export const NUMBER = /^(0|[1-9]\d{0,14})$/;

const encoder = new TextEncoder();

/** @param {string} text */
export const utf8 = (text) => encoder.encode(text);

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** @param {string} text */
export function unhex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error("This is not hex.");
  return Uint8Array.from(text.match(/../g) ?? [], (two) =>
    Number.parseInt(two, 16),
  );
}

/** @param {Uint8Array} bytes */
export function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @param {string} text */
export function unbase64(text) {
  let letters = "";
  try {
    letters = atob(text);
  } catch {
    throw new Error("This is not base64.");
  }
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  if (base64(bytes) !== text) throw new Error("This is not base64.");
  return bytes;
}

/** @param {string} text */
export function base64url(text) {
  return base64(utf8(text))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** The text behind a base64url; undefined where there is none. @param {string} text */
export function unbase64url(text) {
  try {
    const plain = text.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = unbase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, "="));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes,
    );
  } catch {
    return undefined;
  }
}
