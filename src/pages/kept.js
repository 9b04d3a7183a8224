/**
 * What a closed tab or a lost connection must not lose, in localStorage: all tabs share it. Phone numbers are not kept.
 *
 * @typedef {{ username: string, key: string }} Pending  a draw whose answer nobody saw, and its Idempotency-Key
 * @typedef {{
 *   id: string, username: string, title: string, resetsAt: string,
 *   claimUntil?: string | undefined, sentence?: string, closedAt?: number,
 *   closed?: "redeemed" | "taken" | "expired" | "unknown"
 * }} Win  `closed` tells how it ended, and `sentence` the server's words for it
 */

import { campaign } from "./campaign.js";

/** Behind a proxy several draws may share a host, each below a path of its own. */
const path = location.pathname.replace(/^\/$/, "");
const below = campaign === undefined ? path : `${path}:${campaign}`;

const PENDING = `lucky-draw:pending${below}`;
const WINS = `lucky-draw:wins${below}`;

/** Stands in where the browser keeps nothing for this page. @type {Map<string, string>} */
const memory = new Map();

/** @returns {Pending[]} */
export const pendingDraws = () => read(PENDING);

/** The draw of this user: one whose answer nobody saw, in whatever tab it began, or a new one. @param {string} username */
export function beginDraw(username) {
  const others = pendingDraws().filter((draw) => draw.username !== username);
  const known = pendingDraws().find((draw) => draw.username === username);
  const draw = known ?? { username, key: newKey() };
  write(PENDING, [...others, draw]);
  return draw;
}

/** @param {Pending} draw */
export function endDraw({ key }) {
  write(
    PENDING,
    pendingDraws().filter((draw) => draw.key !== key),
  );
}

/** Wins to be redeemed, of any day, and those that were closed in the last 24 hours. @returns {Win[]} */
export function wins() {
  const since = Date.now() - 86_400_000;
  return read(WINS).filter(
    (/** @type {Win} */ { closedAt }) => !closedAt || closedAt > since,
  );
}

/** Adds a win, or what is new about it: told again, it stays redeemed. @param {Win} win */
export function keepWin(win) {
  const others = wins().filter(({ id }) => id !== win.id);
  const earlier = wins().find(({ id }) => id === win.id);
  write(WINS, [{ ...earlier, ...win }, ...others]);
}

/** Calls back when another tab has changed something. @param {() => void} changed */
export function onOtherTab(changed) {
  addEventListener("storage", changed);
  return () => removeEventListener("storage", changed);
}

/** @param {string} name */
function read(name) {
  try {
    const list = JSON.parse(localStorage.getItem(name) ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return JSON.parse(memory.get(name) ?? "[]");
  }
}

/** @param {string} name @param {unknown[]} list */
function write(name, list) {
  const text = JSON.stringify(list);
  memory.set(name, text);
  try {
    localStorage.setItem(name, text);
  } catch {
    // Full, or switched off: this tab still has it.
  }
}

/** A random UUID; crypto.randomUUID is there on https and localhost only. */
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
