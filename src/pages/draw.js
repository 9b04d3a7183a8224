import { useEffect, useRef, useState } from "preact/hooks";
import { ask, remedy } from "./ask.js";
import { campaign } from "./campaign.js";
import { beginDraw, endDraw, keepWin, pendingDraws } from "./kept.js";
import { keepReceipt } from "./receipts.js";
import { moment } from "./words.js";

const DAY = 86_400_000;

/**
 * @typedef {import("typebox").Static<typeof import("../http/schemas/draw.js").Drawn>} Drawn
 * @typedef {import("./ask.js").Wait} Wait
 * @typedef {import("./kept.js").Pending} Pending
 * @typedef {import("./kept.js").Win} Win
 * @typedef {import("./prizes.js").Stock} Stock
 * @typedef {{
 *   outcome: "won" | "no_prize" | "participated", prizeId: string | null, win?: Win,
 *   username: string, message: string, resetsAt: string | null, left: number, kept?: import("./receipts.js").Kept | undefined
 * }} Decided  `resetsAt`: null where there is no other day; `left`: draws of today; `kept`: its receipt, of a campaign whose
 *   draws can be checked
 * @typedef {{ step: "ready", username: string, mistake?: string }
 *   | { step: "asking", username: string, wait?: Wait }
 *   | { step: "stopping", decided: Decided }
 *   | { step: "answered", decided: Decided }
 *   | { step: "refused", username: string, sentence: string }} Draw
 */

/**
 * A visitor's draw: begun by `draw`, asked for until it is answered, even by the next visit, and answered for the
 * visitor when the wheel has `rested`.
 *
 * @param {() => Promise<Stock | undefined>} news  the prizes after a draw: one may be new to the wheel, or have sold out
 */
export function useDraw(news) {
  const [state, setState] = useState(
    /** @type {Draw} */ ({ step: "ready", username: "" }),
  );
  const asking = useRef(/** @type {AbortController | null} */ (null));
  const pending = useRef(/** @type {Pending | null} */ (null));

  /** @param {string} username */
  async function draw(username) {
    const { key } = beginDraw(username);
    pending.current = { username, key };
    asking.current?.abort();
    asking.current = new AbortController();
    const { signal } = asking.current;
    setState({ step: "asking", username });
    try {
      const { status, body } = await ask(
        {
          path: "draw",
          body: { username, ...(campaign !== undefined && { campaign }) },
          headers: { "idempotency-key": key },
        },
        (wait) => setState({ step: "asking", username, wait }),
        signal,
      );
      if (status === 200) {
        const decided = await settle(username, body);
        const turns = decided.outcome !== "participated";
        const step = turns ? "stopping" : "answered";
        if (!signal.aborted) setState({ step, decided });
        return;
      }
      ended();
      if (body.code === "INVALID_REQUEST") {
        setState({ step: "ready", username, mistake: remedy(body.error) });
      } else {
        setState({ step: "refused", username, sentence: refusal(body) });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** A win is kept before anything is shown. @param {string} username @param {Drawn} body @returns {Promise<Decided>} */
  async function settle(username, { data, receipt }) {
    const kept = receipt && keepReceipt(username, receipt);
    const { message, result, resets_at, draws_left: left = 0 } = data;
    // The contract tells these two apart by their sentences.
    const participated = message.startsWith("You have already");
    if (!result) {
      const stock = participated ? undefined : await news();
      const resetsAt = resets_at === undefined ? tomorrow(stock) : resets_at;
      const outcome = participated ? "participated" : "no_prize";
      const all = { username, message, resetsAt, left, kept };
      return { outcome, prizeId: null, ...all };
    }
    const { id, user_id, prize_id: prizeId } = result;
    const stock = await news();
    const prize = stock?.prizes.find((prize) => prize.id === prizeId);
    const resetsAt = tomorrow(stock);
    const claimUntil = /** @type {{ claim_until?: string }} */ (result)
      .claim_until;
    const title = prize?.title ?? prizeId;
    const win = { id, username: user_id, title, resetsAt, claimUntil };
    keepWin(win);
    const all = { username, message, resetsAt, left, kept };
    return { outcome: "won", prizeId, win, ...all };
  }

  /** No more asking: a win that was decided is told on the next try of this name. */
  function stop() {
    asking.current?.abort();
    ended();
    setState((now) => ({
      step: "ready",
      username: "username" in now ? now.username : "",
    }));
  }

  /** Not before the visitor saw the answer: by the same key the server gives it again. */
  function ended() {
    if (pending.current) endDraw(pending.current);
    pending.current = null;
  }

  function rested() {
    setState((now) =>
      now.step === "stopping" ? { ...now, step: "answered" } : now,
    );
  }

  /** @param {string} username of whoever is to draw, empty: whoever */
  function again(username = "") {
    setState({ step: "ready", username });
  }

  useEffect(() => {
    const [earlier] = pendingDraws();
    if (earlier) draw(earlier.username);
  }, []);

  return { state, draw, stop, rested, ended, again };
}

/** What a refused draw is told, with the moment at which it would be taken. @param {{ error: string, starts_at?: string }} body */
const refusal = ({ error, starts_at }) =>
  starts_at ? `${error} It starts on ${moment(starts_at)}.` : error;

/** When the next draw is, by what is known of the day, in RFC 3339. @param {Stock | undefined} stock */
function tomorrow(stock) {
  const known = Date.parse(stock?.resets_at ?? "");
  const end = known > Date.now() ? known : Date.now() + DAY;
  return new Date(end).toISOString();
}
