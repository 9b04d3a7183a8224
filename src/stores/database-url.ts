import { paramsOf } from "../settings/database-url.js";
import { startup } from "./session.js";

/** What libpq and others read in a URL, and what changes nothing for this program: postgres.js would send it to the server, which refuses it. */
const FOREIGN =
  /^(channel_binding|gssencmode|gssdelegation|krbsrvname|gsslib|keepalives(_\w+)?|tcp_user_timeout|connect_timeout|fallback_application_name|load_balance_hosts|passfile|require_auth|sslcompression|sslcrl(dir)?|ssl_m(in|ax)_protocol_version|sslsni|ssl|sslmode|sslrootcert|target_session_attrs|client_encoding|pgbouncer|connection_limit|pool_timeout)$/;

/** The parameter of a URL that Prisma and others name a schema by. */
const SCHEMA = "schema";

const SEARCH_PATH = /(?:^|\s)(?:-c\s*|--)search_path=((?:\\.|\S)+)/;

/**
 * A DATABASE_URL without the parameters that are neither postgres.js's nor the server's, and without what each link sets by
 * itself: what is pinned, the schemas, and how it is encrypted.
 */
export function bareUrl(url: string): string {
  const changed = new URL(url);
  const given = changed.searchParams;
  const options = (given.get("options") ?? "").replace(SEARCH_PATH, "").trim();
  const pinned = Object.keys(startup(0, false)).map((it) => it.toLowerCase());
  for (const name of [...given.keys()]) {
    const isPinned = pinned.includes(name.toLowerCase());
    if (FOREIGN.test(name) || isPinned) given.delete(name);
  }
  for (const name of [SCHEMA, "search_path", "options"]) given.delete(name);
  if (options) given.set("options", options);
  return changed.href;
}

/** The schemas that a DATABASE_URL names, as SQL has them, or undefined where the role's own hold. */
export function searchPathOf(url: string): string | undefined {
  const given = paramsOf(url);
  const text =
    given.get("search_path") ??
    given.get(SCHEMA) ??
    SEARCH_PATH.exec(given.get("options") ?? "")?.[1]?.replace(/\\(.)/g, "$1");
  if (!text) return undefined;
  const names = text.split(",").map((name) => name.trim());
  return names
    .map((name) => `"${unquoted(name).replaceAll('"', '""')}"`)
    .join(", ");
}

const unquoted = (name: string) =>
  /^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
