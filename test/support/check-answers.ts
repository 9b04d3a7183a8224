import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { FastifyInstance } from "fastify";

/** What these tests read of an OpenAPI document. */
export type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, { required?: string[] }>;
    securitySchemes: Record<string, object>;
  };
};

export type Operation = {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: (Parameter & Media)[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Response>;
};

type Parameter = {
  in: string;
  name: string;
  required?: boolean;
  description?: string;
};

type Response = {
  description: string;
  headers?: Record<string, { required?: boolean; schema: object }>;
  content?: Record<string, Media>;
};

export type Media = {
  schema: object;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
};

export type Answer = {
  method: string;
  /** the route's pattern, such as /prizes/:id; undefined where there is none */
  route: string | undefined;
  status: number;
  headers: Record<string, unknown>;
  body: string;
};

export type Judge = ReturnType<typeof judgeBy>;

/** Says of values and answers how they differ from what the document says; undefined where they don't. */
function judgeBy(document: Document) {
  const ajv = new Ajv2020({ strict: false, validateSchema: false });
  addFormats.default(ajv);
  ajv.addSchema(document, "api");

  /** `where`: the keys that lead to a schema in the document. */
  function misfit(where: string[], value: unknown): string | undefined {
    const pointer = where
      .map((key) => key.replaceAll("~", "~0").replaceAll("/", "~1"))
      .map(encodeURIComponent);
    const validate = ajv.getSchema(`api#/${pointer.join("/")}`);
    if (!validate) return `there is no ${where.join(" > ")}`;
    return validate(value) ? undefined : ajv.errorsText(validate.errors);
  }

  function judge(answer: Answer): string | undefined {
    const { status, headers, route } = answer;
    // A HEAD is described by its GET.
    const method = answer.method.toLowerCase().replace("head", "get");
    const path = route?.replace(/:(\w+)/g, "{$1}");
    const operation = path && document.paths[path]?.[method];
    const body = JSON.parse(answer.body);
    const said = `${answer.method} ${path ?? "on no route"}: ${status}`;
    if (!operation) {
      // Pages, and the document itself; but whatever fails fails in one shape.
      if (status < 400) return undefined;
      const problem = misfit(["components", "schemas", "Failed"], body);
      return problem && `${said}: ${problem}`;
    }
    const response = operation.responses[status];
    if (!response) return `${said} is not described: ${answer.body}`;
    const at = ["paths", path, method, "responses", String(status)];
    for (const [name, { required }] of Object.entries(response.headers ?? {})) {
      const value = headers[name.toLowerCase()];
      if (value === undefined && !required) continue;
      const typed = typeof value === "number" ? value : String(value);
      const problem =
        value === undefined
          ? "is missing"
          : misfit([...at, "headers", name, "schema"], typed);
      if (problem) return `${said}, header ${name}: ${problem}`;
    }
    const problem = misfit(
      [...at, "content", "application/json", "schema"],
      body,
    );
    return problem && `${said}: ${problem}: ${answer.body}`;
  }

  return { document, misfit, judge };
}

const judges = new Map<string, Judge>();

/** Every document is compiled once a process. */
export function judgeOf(text: string): Judge {
  const judge = judges.get(text) ?? judgeBy(JSON.parse(text) as Document);
  judges.set(text, judge);
  return judge;
}

/**
 * Reports every JSON answer of `app` that is not as its own document says. Call it before the app is ready, and what
 * it gives when it is.
 */
export function watchAnswers(
  app: FastifyInstance,
  report: (problem: string) => void,
): () => Promise<void> {
  let watcher: Judge | undefined;

  app.addHook("onSend", (request, reply, payload, done) => {
    const type = String(reply.getHeader("content-type"));
    const isJson = type.startsWith("application/json");
    if (watcher && isJson && typeof payload === "string") {
      const problem = watcher.judge({
        method: request.method,
        route: request.is404 ? undefined : request.routeOptions.url,
        status: reply.statusCode,
        headers: reply.getHeaders(),
        body: payload,
      });
      if (problem) report(problem);
    }
    done(null, payload);
  });

  return async () => {
    const { statusCode, payload } = await app.inject("/docs/json");
    if (statusCode !== 200) {
      throw new Error(`/docs/json: two schemas of one title? ${payload}`);
    }
    watcher = judgeOf(payload);
  };
}
