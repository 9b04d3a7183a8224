import type { SwaggerTransform } from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import {
  ADMIN_UNAUTHENTICATED,
  type Code,
  FORBIDDEN,
  INTERNAL,
  STATUS,
  TOO_MANY_REQUESTS,
  UNAUTHENTICATED,
  UNAVAILABLE,
} from "../../errors.js";
import type { Settings } from "../../services.js";
import { Failed, NO_STORE } from "../schemas/common.js";
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
    if (settings.CLAIM_DAYS === undefined) delete told.CLAIM_EXPIRED;
    const isUsers = tag === "draw" && asksUsers(settings);
    const shown = (part: unknown) =>
      isUsers ? withTokenName(describedOf(part)) : describedOf(part);
    const answers = Object.entries(own).filter(
      ([, answer]) => answer["x-failures"] === undefined,
    );
    const { body, querystring, headers } = schema ?? {};
    const security = tokensOf(schema?.security, tag, settings);
    return {
      url,
      schema: {
        ...schema,
        ...(body !== undefined && { body: shown(body) }),
        ...(querystring !== undefined && { querystring: shown(querystring) }),
        ...(headers !== undefined && { headers: shown(headers) }),
        ...(security.length > 0 && { security }),
        response: { ...Object.fromEntries(answers), ...describeFailures(told) },
      },
    };
  };
}

type Described = {
  properties?: Record<string, { description?: string }>;
  required?: string[];
};

/** A part of a request, as its schema has it described. */
function describedOf(part: unknown): Described {
  const { "x-described-as": instead } = part as { "x-described-as"?: unknown };
  return (instead ?? part) as Described;
}

/** A username that is left out is the token's: access/caller.ts fills it in before the schema looks. */
function withTokenName(part: Described): Described {
  const { properties = {}, required = [] } = part;
  const { username } = properties;
  if (!username) return part;
  const description = `${username.description} The token's where it is left out.`;
  return {
    ...part,
    properties: { ...properties, username: { ...username, description } },
    required: required.filter((name) => name !== "username"),
  };
}

/** What any route of a kind can answer besides its own failures. */
function failuresOf(tag: string, settings: Settings): Sentences {
  const { RATE_LIMIT_USER, RATE_LIMIT_ADDRESS } = settings;
  const isUsers = tag === "draw" && asksUsers(settings);
  const isLimited =
    (tag === "draw" && (RATE_LIMIT_USER ?? RATE_LIMIT_ADDRESS)) ||
    (["prizes", "proof"].includes(tag) && RATE_LIMIT_ADDRESS);
  return {
    INVALID_REQUEST: "Host: must be sent with HTTP/1.1.",
    INTERNAL,
    ...(tag !== "operation" && { UNAVAILABLE }),
    ...(isUsers && { UNAUTHENTICATED }),
    ...(tag === "admin" && { UNAUTHENTICATED: ADMIN_UNAUTHENTICATED }),
    ...(isUsers && { FORBIDDEN }),
    ...(isLimited && { TOO_MANY_REQUESTS }),
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
  const schema = { allOf: [Failed, { properties: { code: { enum: codes } } }] };
  const examples = Object.fromEntries(codes.map((code) => [code, value(code)]));
  return {
    description: codes.map((code) => `\`${code}\`: ${MEANING[code]}`).join(" "),
    headers: { ...NO_STORE, ...HEADERS[status] },
    // JSON, whatever the route itself produces.
    content: { "application/json": { schema, examples } },
  };
}

const RetryAfter = {
  type: "integer",
  minimum: 1,
  description: "Seconds until it makes sense to ask again.",
  examples: [2],
};

const HEADERS: Record<number, Record<string, object>> = {
  401: { "WWW-Authenticate": { type: "string", examples: ["Bearer"] } },
  429: { "Retry-After": RetryAfter },
  503: { "Retry-After": RetryAfter },
};
