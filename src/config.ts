import fastifyEnv from "@fastify/env";
import type { Ajv, ErrorObject } from "ajv";
import Fastify from "fastify";
import { isSupportedCountry } from "libphonenumber-js";
import Type, { type Static } from "typebox";
import { SetupError } from "./errors.js";

/** The settings, in the order of `.env.example`. */
export const ConfigSchema = Type.Object({
  HOST: Type.String({ minLength: 1, default: "127.0.0.1" }),
  PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 8000 }),
  DATABASE_URL: Type.Optional(Type.String({ format: "postgres-url" })),
  REDIS_URL: Type.Optional(Type.String({ format: "redis-url" })),
  TIME_ZONE: Type.String({ format: "time-zone", default: "UTC" }),
  DEFAULT_COUNTRY: Type.String({ format: "country", default: "HK" }),
  LOG_LEVEL: Type.Enum(
    ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
    {
      default: "info",
    },
  ),
});

export type Config = Static<typeof ConfigSchema>;

/** One store of each kind, or none: half an embedded pair helps nobody. */
const TOGETHER = {
  DATABASE_URL: ["REDIS_URL"],
  REDIS_URL: ["DATABASE_URL"],
};

/** Each format: its check and what to tell who fails it. */
const FORMATS = {
  "postgres-url": {
    check: (text: string) => isUrl(text, ["postgres:", "postgresql:"]),
    remedy: "must be a URL such as postgres://user:password@host:5432/database",
  },
  "redis-url": {
    check: (text: string) => isUrl(text, ["redis:", "rediss:"]),
    remedy: "must be a URL such as redis://host:6379 or rediss://host:6379",
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
  const given = Object.entries(variables).filter(([, value]) => value !== "");
  const app = Fastify();
  app.register(fastifyEnv, {
    schema: { ...ConfigSchema, dependencies: TOGETHER },
    data: Object.fromEntries(given),
    env: false,
    dotenv: true,
    ajv: { customOptions: withFormats },
  });
  try {
    await app.ready();
    return app.getEnvs<Config>();
  } catch (error) {
    const errors = (error as { errors?: ErrorObject[] }).errors;
    throw errors ? new SetupError(errors.map(explain).join("\n")) : error;
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

function explain(error: ErrorObject): string {
  if (error.keyword === "dependencies") {
    const { property, missingProperty } = error.params;
    return `${missingProperty}: must be set, too, where ${property} is (or neither, for the embedded pair)`;
  }
  const field = error.instancePath.slice(1);
  const format = FORMATS[error.params.format as keyof typeof FORMATS];
  const allowed = error.params.allowedValues;
  const remedy = allowed
    ? `must be one of ${allowed.join(", ")}`
    : error.message;
  return `${field}: ${format?.remedy ?? remedy}`;
}

function isUrl(text: string, protocols: string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

function isTimeZone(text: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: text }));
  } catch {
    return false;
  }
}
