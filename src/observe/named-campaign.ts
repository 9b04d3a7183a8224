import type { FastifyRequest } from "fastify";

/** Longer or other texts are nobody's campaign, and may hold anything. */
const ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The campaign that a request names, in its query string or body; undefined where it names none. */
export function namedCampaign({
  query,
  body,
}: Pick<FastifyRequest, "query" | "body">): string | undefined {
  const named =
    (query as { campaign?: unknown } | undefined)?.campaign ??
    (body as { campaign?: unknown } | null | undefined)?.campaign;
  return typeof named === "string" && ID.test(named) ? named : undefined;
}
