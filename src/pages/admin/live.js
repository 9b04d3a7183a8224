import { createParser } from "eventsource-parser";
import { useEffect, useState } from "preact/hooks";
import { rest } from "../ask.js";
import { send } from "./session.js";
import { setTimeZone } from "./words.js";

/**
 * @typedef {import("./session.js").Session} Session
 * @typedef {import("./edits.js").Prize & { forecast: {
 *   daily_out_at: string | null, total_out_at: string | null, left_over_today: number | null, warning: string | null
 * } }} LivePrize
 * @typedef {{ draws: number | null, wins: number, redemptions: number, forfeited: number }} Counts
 * @typedef {{
 *   at: string, stale: boolean, problem: string | null, date: string, resets_at: string,
 *   refusals: Record<string, number>
 * }} Known  always told
 * @typedef {Known & {
 *   today: Counts, ever: Counts, prizes: LivePrize[], per_minute: import("./minutes.js").Minute[],
 *   outbox: { entries: number, oldest_seconds: number | null }
 * }} FullFigures
 * @typedef {FullFigures | (Known & { today: null, prizes: null })} Figures  without numbers where the stores are away from the first
 * @typedef {{ connected: boolean, figures: Figures | undefined }} Live  `figures` are the last that came
 */

/** The server sends every second: after this silence the connection is dead. In milliseconds. */
const SILENCE = 6_000;

const LONGEST_PAUSE = 8_000;

/** The campaign as it stands, second by second, for as long as somebody is signed in. @param {Session} session */
export function useLive(session) {
  const [live, setLive] = useState(
    /** @type {Live} */ ({ connected: false, figures: undefined }),
  );
  useEffect(() => {
    const end = new AbortController();
    follow(session, end.signal, setLive);
    return () => end.abort();
  }, [session]);
  return live;
}

/**
 * Connects, and again after each loss.
 *
 * @param {Session} session
 * @param {AbortSignal} signal
 * @param {(change: (live: Live) => Live) => void} setLive
 */
async function follow(session, signal, setLive) {
  for (let tries = 0; !signal.aborted; tries += 1) {
    await read(session, signal, (figures) => {
      tries = 0;
      setLive(() => ({ connected: true, figures }));
    }).catch(() => {});
    if (signal.aborted) return;
    setLive((live) => ({ ...live, connected: false }));
    // Viewers that lost a server together must not come back together.
    const pause = Math.min(500 * 2 ** tries, LONGEST_PAUSE);
    await rest(pause * (1 + Math.random() / 2), signal).catch(() => {});
  }
}

/**
 * Reads the stream until it ends.
 *
 * @param {Session} session
 * @param {AbortSignal} signal
 * @param {(figures: Figures) => void} heard
 */
async function read(session, signal, heard) {
  const end = new AbortController();
  const stop = () => end.abort();
  signal.addEventListener("abort", stop);
  let timer = setTimeout(stop, SILENCE);
  const parser = createParser({
    onEvent({ event, data }) {
      if (event !== "figures") return;
      const figures = JSON.parse(data);
      setTimeZone(figures.time_zone);
      heard(figures);
    },
  });
  try {
    const response = await send(session, "live", {
      headers: { accept: "text/event-stream" },
      signal: end.signal,
    });
    if (!response.ok || !response.body) return;
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE);
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    // A refusal's body is not read.
    stop();
  }
}
