import { isDeepStrictEqual } from "node:util";
import type { SwaggerTransformObject } from "@fastify/swagger";

type Json = Record<string, unknown>;

/** Hold values, not schemas. */
const VALUES = ["example", "examples", "enum", "const", "default"];

const REQUEST_ID = {
  description: "Names the request in our log: tell it when something is wrong.",
  required: true,
  schema: { type: "string" },
};

/**
 * Schemas with a title become components of that name, so that a generated client has types of these names. Throws where
 * two schemas of one title differ.
 */
export const nameSchemas: SwaggerTransformObject = (documented) => {
  if (!("openapiObject" in documented)) return documented.swaggerObject;
  const schemas: Json = {};
  const document = documented.openapiObject;
  const paths = name(document.paths, schemas) as Json;
  for (const operation of operationsOf(paths)) {
    for (const parameter of operation.parameters ?? []) {
      // Fastify knows request headers in lower case only.
      if (parameter.in === "header") parameter.name = titled(parameter.name);
    }
    for (const answer of Object.values(operation.responses)) {
      const own = Object.entries(answer.headers ?? {});
      answer.headers = {
        ...Object.fromEntries(own.map(([name, it]) => [name, header(it)])),
        "X-Request-Id": REQUEST_ID,
      };
    }
  }
  const components = { ...document.components, schemas };
  // From where the document is: a proxy may have put the service below another path. (@fastify/swagger wants whole URLs.)
  const servers = [{ url: ".." }];
  return Object.assign(document, { servers, paths, components });
};

function name(node: unknown, schemas: Json): unknown {
  if (Array.isArray(node)) return node.map((item) => name(item, schemas));
  if (typeof node !== "object" || node === null) return node;
  const { "x-described-as": instead, ...own } = node as Json;
  const { title, description } = own;
  const shown =
    instead === undefined ? own : { title, description, ...(instead as Json) };
  const walked = Object.fromEntries(
    Object.entries(shown).map(([key, value]) => [
      key,
      walk(key, value, schemas),
    ]),
  );
  if (typeof title !== "string") return walked;
  // Where a schema is a whole answer or body, its examples stand beside it, and elsewhere in it.
  const { examples: _, ...schema } = walked;
  const known = schemas[title];
  if (known !== undefined && !isDeepStrictEqual(known, schema)) {
    throw new Error(`two different schemas have the title ${title}`);
  }
  schemas[title] = schema;
  return { $ref: `#/components/schemas/${title}` };
}

function walk(key: string, value: unknown, schemas: Json): unknown {
  if (VALUES.includes(key)) return value;
  if (key !== "properties") return name(value, schemas);
  // Here the keys are names of fields, whatever they are called.
  return Object.fromEntries(
    Object.entries(value as Json).map(([field, schema]) => [
      field,
      name(schema, schemas),
    ]),
  );
}

/** A header is there in every answer of its kind, unless its schema says `required: false`. */
function header({ schema, ...rest }: Json): Json {
  const { required = true, ...own } = schema as Json;
  return { ...rest, required, schema: own };
}

type Operation = {
  parameters?: { in: string; name: string }[];
  responses: Record<string, { headers?: Record<string, Json> }>;
};

function operationsOf(paths: Json): Operation[] {
  return Object.values(paths).flatMap((path) =>
    Object.values(path as Record<string, Operation>),
  );
}

function titled(header: string): string {
  return header.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
