/**
 * @typedef {{ path: string, body?: unknown, headers?: Record<string, string> }} Question  a POST where it has a body
 * @typedef {{ status: number, body: any }} Answer
 * @typedef {{ why: "offline" | "away" | "busy", seconds: number }} Wait
 */

/** How long one try may take, and the longest pause between two, in milliseconds. */
const PATIENCE = 10_000;
const LONGEST_PAUSE = 15_000;

/**
 * Asks until there is an answer that asking again would not change: not after no answer, 429 or 5xx. Tells before each
 * pause how long it is. Rejects with an AbortError where `signal` ends it.
 *
 * @param {Question} question
 * @param {(wait: Wait) => void} waiting
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export async function ask(question, waiting, signal) {
  for (let tries = 0; ; tries += 1) {
    const { answer, retryAfter } = await once(question, signal);
    signal.throwIfAborted();
    if (answer && answer.status !== 429 && answer.status < 500) return answer;
    // A crowd that was refused together must not come back together.
    const spread = 1 + Math.random() / 2;
    const backoff = Math.min(1_000 * 2 ** tries, LONGEST_PAUSE) * spread;
    const pause = Math.max(retryAfter * 1_000, backoff);
    waiting({ why: reason(answer), seconds: Math.ceil(pause / 1_000) });
    await rest(pause, signal);
  }
}

/** @param {Answer | undefined} answer @returns {Wait["why"]} */
function reason(answer) {
  if (answer?.status === 429) return "busy";
  return answer || navigator.onLine ? "away" : "offline";
}

/**
 * @param {Question} question
 * @param {AbortSignal} signal
 * @returns {Promise<{ answer?: Answer, retryAfter: number }>}
 */
async function once({ path, body, headers }, signal) {
  const end = new AbortController();
  const stop = () => end.abort();
  const timer = setTimeout(stop, PATIENCE);
  // AbortSignal.any would say the same, to browsers of 2024 and later only.
  signal.addEventListener("abort", stop);
  try {
    const response = await fetch(path, {
      cache: "no-store",
      signal: end.signal,
      ...(body !== undefined && {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    });
    const { status } = response;
    const retryAfter = Number(response.headers.get("retry-after")) || 0;
    // A proxy or a hotel's login page answers with something else than JSON: that is no answer.
    const content = status < 500 ? await response.json() : {};
    return { answer: { status, body: content }, retryAfter };
  } catch {
    return { retryAfter: 0 };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** Waits, but not beyond the moment at which the browser is back online. @param {number} pause @param {AbortSignal} signal */
export function rest(pause, signal) {
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const timer = setTimeout(finish, pause);
    function finish() {
      clearTimeout(timer);
      done.abort();
      if (signal.aborted) reject(signal.reason);
      else resolve(undefined);
    }
    addEventListener("online", finish, { signal: done.signal });
    signal.addEventListener("abort", finish, { signal: done.signal });
  });
}

/** The server's sentence without the name of its field, for use beside that field. @param {string} sentence */
export function remedy(sentence) {
  const text = sentence.replace(/^\w+: /, "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
