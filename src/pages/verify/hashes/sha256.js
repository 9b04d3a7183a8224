/**
 * SHA-256 and HMAC in plain JavaScript: WebCrypto answers by a promise for each hash, which takes 8 µs, and this 1 µs. A day has
 * three to six hashes a draw.
 */

const K = new Int32Array(64);
const FIRST = new Int32Array(8);
constants();

/** The first bits of the roots of the first primes, square for FIRST and cubic for K, as FIPS 180-4 has them. */
function constants() {
  let found = 0;
  for (let n = 2; found < 64; n += 1) {
    let isPrime = true;
    for (let m = 2; m * m <= n; m += 1) if (n % m === 0) isPrime = false;
    if (!isPrime) continue;
    if (found < 8) FIRST[found] = bits(n ** (1 / 2));
    K[found] = bits(n ** (1 / 3));
    found += 1;
  }
}

/** @param {number} root */
function bits(root) {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

const W = new Int32Array(64);
const tail = new Uint8Array(128);

/** One block of 64 bytes into a state. @param {Int32Array} state @param {Uint8Array} bytes @param {number} at */
function compress(state, bytes, at) {
  for (let n = 0; n < 16; n += 1) {
    const i = at + 4 * n;
    W[n] =
      ((bytes[i] ?? 0) << 24) |
      ((bytes[i + 1] ?? 0) << 16) |
      ((bytes[i + 2] ?? 0) << 8) |
      (bytes[i + 3] ?? 0);
  }
  for (let n = 16; n < 64; n += 1) {
    const x = /** @type {number} */ (W[n - 15]);
    const y = /** @type {number} */ (W[n - 2]);
    const s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[n] = ((W[n - 16] ?? 0) + s + (W[n - 7] ?? 0) + t) | 0;
  }
  let a = /** @type {number} */ (state[0]);
  let b = /** @type {number} */ (state[1]);
  let c = /** @type {number} */ (state[2]);
  let d = /** @type {number} */ (state[3]);
  let e = /** @type {number} */ (state[4]);
  let f = /** @type {number} */ (state[5]);
  let g = /** @type {number} */ (state[6]);
  let h = /** @type {number} */ (state[7]);
  for (let n = 0; n < 64; n += 1) {
    const s =
      ((e >>> 6) | (e << 26)) ^
      ((e >>> 11) | (e << 21)) ^
      ((e >>> 25) | (e << 7));
    const t =
      (h +
        s +
        ((e & f) ^ (~e & g)) +
        /** @type {number} */ (K[n]) +
        /** @type {number} */ (W[n])) |
      0;
    const u =
      ((a >>> 2) | (a << 30)) ^
      ((a >>> 13) | (a << 19)) ^
      ((a >>> 22) | (a << 10));
    const v = (u + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t) | 0;
    d = c;
    c = b;
    b = a;
    a = (t + v) | 0;
  }
  state[0] = /** @type {number} */ (state[0]) + a;
  state[1] = /** @type {number} */ (state[1]) + b;
  state[2] = /** @type {number} */ (state[2]) + c;
  state[3] = /** @type {number} */ (state[3]) + d;
  state[4] = /** @type {number} */ (state[4]) + e;
  state[5] = /** @type {number} */ (state[5]) + f;
  state[6] = /** @type {number} */ (state[6]) + g;
  state[7] = /** @type {number} */ (state[7]) + h;
}

/** Hashes the rest of a message of which `before` bytes are in the state already. @param {Int32Array} state @param {Uint8Array} bytes @param {number} length @param {number} before */
function finish(state, bytes, length, before) {
  let at = 0;
  for (; at + 64 <= length; at += 64) compress(state, bytes, at);
  const rest = length - at;
  const end = rest < 56 ? 64 : 128;
  tail.fill(0, rest, end);
  for (let n = 0; n < rest; n += 1) {
    tail[n] = /** @type {number} */ (bytes[at + n]);
  }
  tail[rest] = 0x80;
  const whole = before + length;
  const high = Math.floor(whole / 0x20000000);
  const low = whole << 3;
  for (let n = 0; n < 4; n += 1) {
    tail[end - 8 + n] = high >>> (24 - 8 * n);
    tail[end - 4 + n] = low >>> (24 - 8 * n);
  }
  compress(state, tail, 0);
  if (end === 128) compress(state, tail, 64);
}

/** @param {Int32Array} state @param {Uint8Array} into */
function write(state, into) {
  for (let n = 0; n < 8; n += 1) {
    const word = /** @type {number} */ (state[n]);
    into[4 * n] = word >>> 24;
    into[4 * n + 1] = word >>> 16;
    into[4 * n + 2] = word >>> 8;
    into[4 * n + 3] = word;
  }
  return into;
}

const state = new Int32Array(8);

/** @param {Uint8Array} bytes @param {number} [length]  of the message in them */
export function sha256(bytes, length = bytes.length) {
  state.set(FIRST);
  finish(state, bytes, length, 0);
  return write(state, new Uint8Array(32));
}

/**
 * HMAC-SHA256 with one key. What it returns hashes a message, and hands out the hash as eight 32-bit words, which stand until
 * the next call.
 *
 * @param {Uint8Array} key
 */
export function createHmac(key) {
  const pad = new Uint8Array(64);
  pad.set(key.length > 64 ? sha256(key) : key);
  const inner = Int32Array.from(FIRST);
  const outer = Int32Array.from(FIRST);
  compress(
    inner,
    pad.map((byte) => byte ^ 0x36),
    0,
  );
  compress(
    outer,
    pad.map((byte) => byte ^ 0x5c),
    0,
  );
  const words = new Int32Array(8);
  const digest = new Uint8Array(32);
  return (/** @type {Uint8Array} */ bytes, length = bytes.length) => {
    words.set(inner);
    finish(words, bytes, length, 64);
    write(words, digest);
    words.set(outer);
    finish(words, digest, 32, 64);
    return words;
  };
}

/** @param {Uint8Array} key @param {Uint8Array} message */
export function hmac(key, message) {
  return write(createHmac(key)(message), new Uint8Array(32));
}
