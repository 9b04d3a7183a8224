import { Failure, invalid } from "../../errors.js";

/** What a missing If-Match is told. */
export const PRECONDITION_REQUIRED =
  "If-Match: send the ETag of GET /admin/prizes, or * for whatever stands.";

/** The version that an If-Match names, or null for any. Throws PRECONDITION_REQUIRED and INVALID_REQUEST. */
export function parseIfMatch(header: string | undefined): string | null {
  if (header === undefined) {
    throw new Failure("PRECONDITION_REQUIRED", PRECONDITION_REQUIRED);
  }
  if (header === "*") return null;
  // A proxy that compresses makes an ETag weak.
  const version = /^(?:W\/)?"(\d{1,18})"$/.exec(header)?.[1];
  if (version === undefined) {
    throw invalid("If-Match", "must be the ETag of GET /admin/prizes, or *");
  }
  return version;
}
