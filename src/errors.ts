/** Every failure a caller can meet: code → status. */
export const STATUS = {
  INVALID_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RESULT_NOT_FOUND: 404,
  PRIZE_NOT_FOUND: 404,
  CAMPAIGN_NOT_FOUND: 404,
  PROOF_NOT_FOUND: 404,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  ALREADY_REDEEMED: 409,
  PRIZE_EXISTS: 409,
  CAMPAIGN_EXISTS: 409,
  CAMPAIGN_FROZEN: 409,
  CAMPAIGN_NOT_STARTED: 409,
  CLAIM_EXPIRED: 410,
  CAMPAIGN_ENDED: 410,
  PRECONDITION_FAILED: 412,
  RANGE_NOT_SATISFIABLE: 416,
  PRECONDITION_REQUIRED: 428,
  TOO_MANY_REQUESTS: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
} as const;

export type Code = keyof typeof STATUS;

/** A failure with the code and the sentence that the caller is told. */
export class Failure extends Error {
  readonly code: Code;
  /** what else the answer says */
  readonly details: { starts_at?: string };

  constructor(
    code: Code,
    sentence: string,
    cause?: unknown,
    details: { starts_at?: string } = {},
  ) {
    super(sentence, { cause });
    this.code = code;
    this.details = details;
  }
}

/** The caller's mistake: names the field and the remedy. */
export const invalid = (field: string, remedy: string) =>
  new Failure("INVALID_REQUEST", `${field}: ${remedy}.`);

/** Callers who got UNAVAILABLE are asked to come back within so many seconds. */
const COME_BACK_WITHIN = 4;

/**
 * When a caller who got UNAVAILABLE may come back, in whole seconds. Spread, or the refused crowd would come back as
 * one.
 */
export const retryAfter = (chance = Math.random()): number =>
  1 + Math.floor(chance * COME_BACK_WITHIN);

// The sentences that the API's document shows, too.
export const UNAVAILABLE =
  "The draw is unavailable right now. Please try again in a moment.";
export const INTERNAL = "Something went wrong on our side.";
export const TOO_MANY_REQUESTS =
  "Too many requests. Please try again in a moment.";
export const UNAUTHENTICATED =
  "Authorization: must be Bearer and a valid token.";
export const ADMIN_UNAUTHENTICATED =
  "Authorization: must be Bearer and the administrators' token.";
export const FORBIDDEN = "username: must be the token's subject.";
export const RESULT_NOT_FOUND = "No such result for this username.";
export const ALREADY_REDEEMED =
  "This prize has already been redeemed with another phone number.";
export const CAMPAIGN_NOT_STARTED = "The draw has not started yet.";
export const CAMPAIGN_ENDED = "The draw has ended.";
export const CAMPAIGN_NOT_FOUND = "campaign: there is no such campaign.";
export const PROOF_NOT_FOUND =
  "day: nothing is sealed for this day of the campaign; GET /proof lists the days that are.";
export const CLAIM_EXPIRED = "The time to redeem this prize is over.";

/** An outcome that can't be known or recorded now. */
export const unavailable = (cause: unknown) =>
  new Failure("UNAVAILABLE", UNAVAILABLE, cause);

/** What a log may say of an error: no query parameters, no command arguments, no row values. */
export function loggable(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? String(error.code) : undefined;
  // Postgres quotes the offending value in the words of a data error (classes 22 and 23).
  const quotes = code !== undefined && /^2[23]...$/.test(code);
  return {
    type: error.name,
    code,
    message: quotes ? "data error" : error.message,
    stack: quotes ? undefined : error.stack,
    cause: error.cause === undefined ? undefined : loggable(error.cause),
  };
}

/** What keeps the program from starting, in words for whoever starts it. */
export class SetupError extends Error {}
