import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import fastifyEnv from "@fastify/env";
import type { Ajv, ErrorObject } from "ajv";
import Fastify from "fastify";
import { isSupportedCountry } from "libphonenumber-js";
import Type, { type Static } from "typebox";
import { isTimeZone } from "../clock.js";
import { SetupError } from "../errors.js";
import {
  hostUrls,
  isTarget,
  paramsOf,
  rootCertOf,
  SSL_MODES,
  sslModeOf,
} from "./database-url.js";
import { EXAMPLES, readSeveralHosts } from "./redis-url.js";
import { readVariables } from "./variables.js";

/** The settings, in the order of `.env.example`. */
export const ConfigSchema = Type.Object({
  HOST: Type.String({ minLength: 1, default: "127.0.0.1" }),
  PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 8000 }),
  WORKERS: Type.String({ format: "workers", default: "1" }),
  DATABASE_URL: Type.Optional(
    Type.String({
      format: "postgres-url",
      allOf: [
        { format: "postgres-target" },
        { format: "postgres-tls" },
        { format: "postgres-authority" },
      ],
    }),
  ),
  REDIS_URL: Type.Optional(Type.String({ format: "redis-url" })),
  TIME_ZONE: Type.String({ format: "time-zone", default: "UTC" }),
  DEFAULT_COUNTRY: Type.String({ format: "country", default: "HK" }),
  LOG_LEVEL: Type.Enum(
    ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
    {
      default: "info",
    },
  ),
  LOG_FORMAT: Type.Enum(["pino", "names"], { default: "pino" }),
  ADMIN_TOKEN: Type.Optional(Type.String({ format: "secret" })),
  AUTH_JWT_SECRET: Type.Optional(Type.String({ format: "secret" })),
  AUTH_JWKS_URL: Type.Optional(Type.String({ format: "http-url" })),
  AUTH_ISSUER: Type.Optional(Type.String({ format: "claim" })),
  AUTH_AUDIENCE: Type.Optional(Type.String({ format: "claim" })),
  PROOF_KEY: Type.Optional(Type.String({ format: "proof-keys" })),
  PROOF_NAME: Type.String({ format: "note-name", default: "lucky-draw" }),
  BEACON_URL: Type.Optional(Type.String({ format: "http-url" })),
  BEACON_CHAIN: Type.Optional(Type.String({ format: "chain-hash" })),
  BEACON: Type.Enum(["preferred", "required"], { default: "preferred" }),
  CLAIM_DAYS: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
  TRUST_PROXY: Type.Optional(Type.String({ format: "trust-proxy" })),
  DRAIN_SECONDS: Type.Integer({ minimum: 0, maximum: 600, default: 0 }),
  RATE_LIMIT_USER: Type.Optional(Type.Integer({ minimum: 1 })),
  RATE_LIMIT_ADDRESS: Type.Optional(Type.Integer({ minimum: 1 })),
  PAGE: Type.Enum(["on", "off"], { default: "on" }),
  PAGE_TITLE: Type.String({
    minLength: 1,
    maxLength: 80,
    default: "Lucky Draw",
  }),
  PAGE_COLOUR: Type.String({ format: "colour", default: "#c2185b" }),
  PAGE_LOGO: Type.Optional(Type.String({ minLength: 1 })),
  DOCS: Type.Enum(["on", "off"], { default: "on" }),
  METRICS: Type.Enum(["on", "off"], { default: "off" }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({ format: "http-url" }),
  ),
});

export type Config = Static<typeof ConfigSchema>;

/** Settings that are of no use alone: half a pair of stores, a token whose audience is not checked, a beacon of any chain. */
const TOGETHER = {
  DATABASE_URL: ["REDIS_URL"],
  REDIS_URL: ["DATABASE_URL"],
  AUTH_JWT_SECRET: ["AUTH_ISSUER", "AUTH_AUDIENCE"],
  AUTH_JWKS_URL: ["AUTH_ISSUER", "AUTH_AUDIENCE"],
  BEACON_URL: ["BEACON_CHAIN"],
  BEACON_CHAIN: ["BEACON_URL"],
};

/** One way to verify a token, not two. */
const APART = { not: { required: ["AUTH_JWT_SECRET", "AUTH_JWKS_URL"] } };

/** Each format: its check and what to tell who fails it. */
const FORMATS = {
  workers: {
    check: (text: string) => /^(auto|[1-9]\d?)$/.test(text),
    remedy:
      "must be a number from 1 to 99, or auto for as many as there are cores",
  },
  "postgres-url": {
    check: isPostgresUrl,
    remedy:
      "must be a URL such as postgres://user:password@host:5432/database, or with several hosts, //user:password@host:5432,other:5432/database",
  },
  "postgres-target": {
    check: isTarget,
    remedy:
      "target_session_attrs must be read-write, primary or any: wins are written",
  },
  "postgres-tls": {
    check: (text: string) => sslModeOf(text) !== undefined,
    remedy: `sslmode must be ${SSL_MODES.join(", ")}; with sslrootcert not disable, and with sslrootcert=system verify-full`,
  },
  "postgres-authority": {
    check: (text: string) => isReadable(rootCertOf(text)),
    remedy: "sslrootcert must be the path of a file that can be read",
  },
  "redis-url": {
    check: (text: string) => redisUrlProblem(text) === undefined,
    remedy: (text: string) => redisUrlProblem(text),
  },
  secret: {
    check: (text: string) => /^[!-~]{32,}$/.test(text),
    remedy:
      "must have at least 32 characters, all of them ASCII letters, digits and signs, no spaces and no line ends (openssl rand -hex 32)",
  },
  claim: {
    check: (text: string) => text === text.trim() && !/\p{Cc}/u.test(text),
    remedy:
      "must be as the tokens have it, without spaces or line ends around it",
  },
  "proof-keys": {
    check: (text: string) => /^[\da-f]{64}(,[\da-f]{64})*$/i.test(text),
    remedy:
      "must have 64 hex digits (openssl rand -hex 32), or be several such keys with commas between, the one that signs first",
  },
  "note-name": {
    check: (text: string) => /^[!-*,-~]{1,64}$/.test(text),
    remedy: "must have 1 to 64 printable ASCII characters, no spaces and no +",
  },
  "chain-hash": {
    check: (text: string) => /^[\da-f]{64}$/i.test(text),
    remedy:
      "must be the chain's hash, 64 hex digits: /chains of BEACON_URL lists them",
  },
  "http-url": {
    check: (text: string) => isUrl(text, ["http:", "https:"]),
    remedy: "must be a URL such as https://host/path",
  },
  "trust-proxy": {
    check: isTrustProxy,
    remedy:
      "must be the number of proxies in front, such as 1, or their addresses, such as 10.0.0.1,10.1.0.0/16",
  },
  colour: {
    check: (text: string) => /^#[0-9a-f]{6}$/i.test(text),
    remedy: "must be a colour such as #c2185b",
  },
  "time-zone": {
    check: isTimeZone,
    remedy: "must be an IANA time zone such as Asia/Hong_Kong",
  },
  country: {
    check: (text: string) => isSupportedCountry(text),
    remedy: "must be a two-letter country code such as HK",
  },
};

/**
 * Reads the settings from `variables`, and from the file `.env` of this folder where they do not say. Empty ones
 * count as not set. Rejects with a SetupError that tells all that is wrong at once.
 */
export async function readConfig(
  variables: NodeJS.ProcessEnv,
): Promise<Config> {
  const { values, problems } = readVariables(variables);
  const app = Fastify();
  app.register(fastifyEnv, {
    schema: { ...ConfigSchema, ...APART, dependencies: TOGETHER },
    data: values,
    env: false,
    ajv: { customOptions: withFormats },
  });
  try {
    await app.ready();
    if (problems.length > 0) throw new SetupError(problems.join("\n"));
    return app.getEnvs<Config>();
  } catch (error) {
    const { errors } = error as { errors?: ErrorObject[] };
    if (!errors) throw error;
    const sentences = errors.map((error) => sentenceOf(error, values));
    const told = [...problems, ...sentences];
    throw new SetupError([...new Set(told)].join("\n"));
  } finally {
    await app.close();
  }
}

function withFormats(ajv: Ajv): Ajv {
  for (const [name, { check }] of Object.entries(FORMATS)) {
    ajv.addFormat(name, check);
  }
  return ajv;
}

function sentenceOf(
  error: ErrorObject,
  values: Record<string, string>,
): string {
  if (error.keyword === "dependencies") {
    const { property, missingProperty } = error.params;
    const neither =
      property.endsWith("_URL") && missingProperty.endsWith("_URL");
    return `${missingProperty}: must be set, too, where ${property} is${neither ? " (or neither, for the embedded pair)" : ""}`;
  }
  if (error.keyword === "not") {
    return "AUTH_JWKS_URL: can't be set together with AUTH_JWT_SECRET; leave one of them out";
  }
  const field = error.instancePath.slice(1);
  const format = FORMATS[error.params.format as keyof typeof FORMATS];
  const allowed = error.params.allowedValues;
  const remedy = allowed
    ? `must be one of ${allowed.join(", ")}`
    : error.message;
  const told = format?.remedy ?? remedy;
  const value = values[field] ?? "";
  return `${field}: ${typeof told === "function" ? told(value) : told}`;
}

/** What is wrong with a URL of Redis, as the end of a sentence, or undefined. */
function redisUrlProblem(text: string): string | undefined {
  if (/[\s\p{Cc}]/u.test(text)) return EXAMPLES;
  const several = readSeveralHosts(text);
  if (several !== undefined) {
    return typeof several === "string" ? several : undefined;
  }
  const isOne = isUrl(text, ["redis:", "rediss:", "unix:"]);
  return isOne ? undefined : EXAMPLES;
}

function isUrl(text: string, protocols: string[]): boolean {
  // Node reads a URL without the spaces and line ends that a file or a paste brought in.
  if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return false;
  const { protocol, username, password, pathname } = new URL(text);
  return (
    protocols.includes(protocol) &&
    [username, password, pathname].every(isEscaped)
  );
}

/** A URL for each of its hosts: `a,b` is none to Node. */
function isPostgresUrl(text: string): boolean {
  const urls = hostUrls(text);
  const params = paramsOf(text);
  const ports = params.get("port")?.split(",").length ?? 1;
  const isOf = (url: string) => isUrl(url, ["postgres:", "postgresql:"]);
  const hasHost = (url: string) =>
    new URL(url).hostname !== "" || paramsOf(url).has("host");
  return (
    [1, urls.length].includes(ports) &&
    urls.every((url) => isOf(url) && (urls.length === 1 || hasHost(url)))
  );
}

function isReadable(path: string | undefined): boolean {
  try {
    return path === undefined || readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

/** Whether each % begins an escape: a password with one must be percent-encoded. */
function isEscaped(text: string): boolean {
  try {
    return Boolean(decodeURIComponent(text)) || text === "";
  } catch {
    return false;
  }
}

/** A number of hops, or addresses and networks. */
function isTrustProxy(text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) > 0;
  return text.split(",").every((item) => {
    const [address = "", bits, ...rest] = item.trim().split("/");
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    const fits = bits === undefined || (/^\d+$/.test(bits) && +bits <= most);
    return most > 0 && fits && rest.length === 0;
  });
}
