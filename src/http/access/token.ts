import { createSecretKey } from "node:crypto";
import {
  createRemoteJWKSet,
  errors,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import type { Clock } from "../../clock.js";
import {
  Failure,
  invalid,
  UNAUTHENTICATED,
  unavailable,
} from "../../errors.js";
import type { Settings } from "../../services.js";
import { parseSubject } from "../input.js";
import { bearerOf } from "./bearer.js";

/** The name a caller may use; null: any name. Rejects with UNAUTHENTICATED or UNAVAILABLE. */
export type Check = (
  authorization: string | undefined,
) => Promise<string | null>;

/** How long the keys' host may take: a caller gets its answer or a 503 within two seconds. */
const KEYS_TIMEOUT_MS = 1_000;

/** A token with an unknown key makes the keys be read again, at most this often. */
const COOLDOWN_MS = 1_000;

/** How long keys are trusted without reading them again: a withdrawn key is refused after it. */
const KEYS_LIFE_MS = 10 * 60_000;

/** How far the signer's clock may differ from Redis's. */
const CLOCK_TOLERANCE_S = 5;

const NO_TEXT = "must be a string";

export const unauthenticated = (cause?: unknown) =>
  new Failure("UNAUTHENTICATED", UNAUTHENTICATED, cause);

/** A check of users' tokens, which returns their subject as a username; undefined if no AUTH_ setting is set. */
export function createUserCheck(
  settings: Settings,
  clock: Pick<Clock, "now">,
): Check | undefined {
  const signer = signerOf(settings);
  if (!signer) return undefined;
  const { key, algorithms } = signer;
  const { AUTH_ISSUER, AUTH_AUDIENCE } = settings;
  // config.ts asks for both; a token for another service must not pass here where one was forgotten.
  if (!AUTH_ISSUER || !AUTH_AUDIENCE) {
    throw new Error("AUTH_ISSUER and AUTH_AUDIENCE must be set");
  }

  return async (authorization) => {
    const token = bearerOf(authorization);
    if (!token) throw unauthenticated();
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms,
        issuer: AUTH_ISSUER,
        audience: AUTH_AUDIENCE,
        requiredClaims: ["sub", "exp"],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(clock.now()),
      });
      // jose asks that there is one, not that it is a text.
      if (typeof payload.sub !== "string") throw invalid("sub", NO_TEXT);
      return parseSubject(payload.sub);
    } catch (error) {
      if (error instanceof Failure && error.code === "UNAVAILABLE") throw error;
      throw unauthenticated(error);
    }
  };
}

/**
 * What is wrong with a token that was refused, in words without anything of the token's own; undefined where there was
 * none. For the log: to a caller it would tell how to do better.
 */
export function reasonOf({ cause }: Failure): string | undefined {
  if (cause === undefined) return undefined;
  const isPlain = cause instanceof errors.JOSEError || cause instanceof Failure;
  return isPlain ? cause.message : "it can't be read";
}

/** The keys, and the algorithms that go with this kind of key alone. */
function signerOf({ AUTH_JWT_SECRET, AUTH_JWKS_URL }: Settings) {
  if (AUTH_JWT_SECRET) {
    const secret = createSecretKey(AUTH_JWT_SECRET, "utf8");
    return { key: async () => secret, algorithms: ["HS256"] };
  }
  if (AUTH_JWKS_URL) {
    const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
    return { key: remoteKeys(AUTH_JWKS_URL), algorithms };
  }
  return undefined;
}

/** A key that can't be looked up says nothing about the token. */
function remoteKeys(url: string): JWTVerifyGetKey {
  const find = createRemoteJWKSet(new URL(url), {
    timeoutDuration: KEYS_TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: KEYS_LIFE_MS,
  });
  return async (header, token) => {
    try {
      return await find(header, token);
    } catch (error) {
      const isUnknown =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys;
      throw isUnknown ? error : unavailable(error);
    }
  };
}
