import { createHash, timingSafeEqual } from "node:crypto";
import { bearerOf } from "./bearer.js";

/**
 * A check whether an `Authorization` header carries the administrators' token as Bearer, in a time that tells nothing of
 * the token: hashes are compared, so not even its length shows.
 */
export function createAdminCheck(
  token: string,
): (authorization: string | undefined) => boolean {
  const expected = sha256(token);
  return (authorization) => {
    const given = bearerOf(authorization);
    return given !== undefined && timingSafeEqual(sha256(given), expected);
  };
}

const sha256 = (text: string) => createHash("sha256").update(text).digest();
