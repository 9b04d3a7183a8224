import type { Code } from "../../errors.js";

/** When a caller meets each failure. */
export const MEANING: Record<Code, string> = {
  INVALID_REQUEST:
    "something is wrong with the request; the sentence names the field and the remedy. Nothing was done.",
  UNAUTHENTICATED: "the token is missing, expired or not valid.",
  FORBIDDEN: "the token is somebody else's.",
  RESULT_NOT_FOUND:
    "an unknown id, or one of somebody else: they look the same.",
  PRIZE_NOT_FOUND: "there is no prize of this id.",
  CAMPAIGN_NOT_FOUND: "there is no campaign of this id, or it is not active.",
  PROOF_NOT_FOUND:
    "nothing of the kind is published, or not yet; the sentence says what to ask for.",
  NOT_FOUND: "there is nothing at this path.",
  METHOD_NOT_ALLOWED:
    "this path has no such method; `Allow` names those it has.",
  ALREADY_REDEEMED:
    "another phone number holds the win, or one does and none was given.",
  PRIZE_EXISTS: "there is a prize of this id.",
  CAMPAIGN_EXISTS: "there is a campaign of this id.",
  CAMPAIGN_FROZEN:
    "the campaign has begun and is frozen: nothing can be taken back any more.",
  CAMPAIGN_NOT_STARTED:
    "nobody can draw before `starts_at`. No draw was used up.",
  CAMPAIGN_ENDED: "nobody can draw any more.",
  CLAIM_EXPIRED: "the time to redeem this win is over.",
  PRECONDITION_FAILED:
    "somebody else has changed the prizes meanwhile; read them again.",
  RANGE_NOT_SATISFIABLE:
    "the file is not so long; `Content-Range` says how long it is.",
  PRECONDITION_REQUIRED: "If-Match is missing.",
  TOO_MANY_REQUESTS: "this user or address asks too often. Nothing was done.",
  INTERNAL: "a mistake of ours; our log has it.",
  UNAVAILABLE:
    "an outcome can't be known or recorded now. Trying again is safe.",
};
