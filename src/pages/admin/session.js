import { ofCampaign } from "../campaign.js";

/**
 * The administrator of this tab: gone when the tab is closed. The token is in no URL and not in localStorage, which
 * outlives the tab.
 *
 * @typedef {{ token: string, name: string }} Administrator  `name` is for the history, and may be empty
 * @typedef {Administrator & { signOut: (sentence?: string) => void }} Session
 * @typedef {{ method?: string, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} Options
 * @typedef {{ status: number, body: any, etag: string | null }} Answer  status 0: none came
 */

/** Behind a proxy several draws may share a host, each below a path of its own. */
const KEPT = `lucky-draw:administrator${location.pathname.replace(/^\/admin\/$/, "")}`;

/** How long an answer may take, in milliseconds. */
const PATIENCE = 15_000;

const NO_ANSWER = "The service does not answer. Please try again in a moment.";

/** @returns {Administrator | undefined} */
export function keptAdministrator() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {Administrator | undefined} administrator */
export function keepAdministrator(administrator) {
  try {
    if (administrator) {
      sessionStorage.setItem(KEPT, JSON.stringify(administrator));
    } else sessionStorage.removeItem(KEPT);
  } catch {
    // Switched off: a reload asks for the token again.
  }
}

/**
 * Sends a request under the token. A token that no longer counts ends the session.
 *
 * @param {Session} session
 * @param {string} path
 * @param {Options} options
 * @returns {Promise<Response>} Rejects where no answer comes.
 */
export async function send(session, path, { body, headers, ...rest } = {}) {
  // Campaigns are asked about as a whole, all else within one.
  const isOfAll = path.startsWith("campaigns");
  const response = await fetch(isOfAll ? path : ofCampaign(path), {
    cache: "no-store",
    ...rest,
    headers: {
      authorization: `Bearer ${session.token}`,
      ...(session.name && { "x-changed-by": session.name }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (response.status === 401) {
    session.signOut("The token does not count any more. Please sign in again.");
  }
  return response;
}

/**
 * Asks once for JSON.
 *
 * @param {Session} session
 * @param {string} path
 * @param {Options} options
 * @returns {Promise<Answer>} where none came, with a sentence of ours
 */
export async function ask(session, path, options = {}) {
  try {
    const patience = AbortSignal.timeout(PATIENCE);
    const response = await send(session, path, {
      signal: patience,
      ...options,
    });
    const body = await response.json();
    return {
      status: response.status,
      body,
      etag: response.headers.get("etag"),
    };
  } catch {
    return { status: 0, body: { error: NO_ANSWER }, etag: null };
  }
}
