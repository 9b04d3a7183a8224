import type { SwaggerTransform } from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import { type Code, RETRY_AFTER, STATUS, UNAVAILABLE } from "../errors.js";
import { Failed, NO_STORE } from "../schemas.js";
import type { Settings } from "../services.js";
import { MEANING } from "./meaning.js";
import { asksUsers, securitySchemes } from "./security.js";

type Sentences = Partial<Record<Code, string>>;

/** A route's schema as the document shows it: with the failures and the token that the route does not know of. */
export function completeRoute(settings: Settings): SwaggerTransform {
  return ({ schema, url }) => {
    if (schema?.hide) return { schema, url };
    const [tag = ""] = schema?.tags ?? [];
    const { default: _any, ...own } = (schema?.response ?? {}) as Record<
      string,
      { "x-failures"?: Sentences }
    >;
    const told = Object.assign(
      failuresOf(tag, settings),
      ...Object.values(own).map((answer) => answer["x-failures"]),
    ) as Sentences;
    const security = tokensOf(schema?.security, tag, settings);
    return {
      url,
      schema: {
        ...schema,
        ...(security.length > 0 && { security }),
        response: { ...own, ...describeFailures(told) },
      },
    };
  };
}

/** What any route of a kind can answer besides its own failures. */
function failuresOf(tag: string, settings: Settings): Sentences {
  const { RATE_LIMIT_USER, RATE_LIMIT_ADDRESS } = settings;
  const isUsers = tag === "draw" && asksUsers(settings);
  const isLimited =
    (tag === "draw" && (RATE_LIMIT_USER ?? RATE_LIMIT_ADDRESS)) ||
    (tag === "prizes" && RATE_LIMIT_ADDRESS);
  return {
    INVALID_REQUEST: "Host: must be sent with HTTP/1.1.",
    INTERNAL: "Something went wrong on our side.",
    ...(tag !== "operation" && { UNAVAILABLE }),
    ...((isUsers || tag === "admin") && {
      UNAUTHENTICATED: "Authorization: must be Bearer and a valid token.",
    }),
    ...(isUsers && { FORBIDDEN: "username: must be the token's subject." }),
    ...(isLimited && {
      TOO_MANY_REQUESTS: "Too many requests. Please try again in a moment.",
    }),
  };
}

function tokensOf(
  own: FastifySchema["security"],
  tag: string,
  settings: Settings,
) {
  const byTag: Record<string, typeof own> = {
    draw: [{ userToken: [] }],
    admin: [{ adminToken: [] }],
  };
  const schemes = securitySchemes(settings);
  return (own ?? byTag[tag] ?? []).filter((tokens) =>
    Object.keys(tokens).every((name) => name in schemes),
  );
}

/** Statuses with their codes, headers and an example for each code. */
function describeFailures(sentences: Sentences) {
  const codes = Object.keys(sentences) as Code[];
  const statuses = new Set(codes.map((code) => STATUS[code]));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const these = codes.filter((code) => STATUS[code] === status);
      return [status, describeFailure(status, these, sentences)];
    }),
  );
}

function describeFailure(status: number, codes: Code[], sentences: Sentences) {
  const value = (code: Code) => ({
    value: { success: false, error: sentences[code], code },
  });
  return {
    description: codes.map((code) => `\`${code}\`: ${MEANING[code]}`).join(" "),
    headers: { ...NO_STORE, ...HEADERS[status] },
    allOf: [Failed, { properties: { code: { enum: codes } } }],
    "x-examples": Object.fromEntries(codes.map((code) => [code, value(code)])),
  };
}

const RetryAfter = {
  type: "integer",
  minimum: 1,
  description: "Seconds until it makes sense to ask again.",
  examples: [RETRY_AFTER / 1_000],
};

const HEADERS: Record<number, Record<string, object>> = {
  401: { "WWW-Authenticate": { type: "string", examples: ["Bearer"] } },
  429: { "Retry-After": RetryAfter },
  503: { "Retry-After": RetryAfter },
};
