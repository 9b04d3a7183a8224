/** Which host of several is wanted. Wins are written, so no other kind is of use. */
const TARGETS = ["any", "read-write", "primary"];

/** How a link is encrypted, as libpq names it, the weakest first. */
export const SSL_MODES = [
  "disable",
  "allow",
  "prefer",
  "require",
  "verify-ca",
  "verify-full",
] as const;

export type SslMode = (typeof SSL_MODES)[number];

const SYSTEM = "system";

/**
 * The hosts of a DATABASE_URL, each as a URL of its own with all the rest. libpq's forms: `//a:5432,b:5433/database`, or
 * `?host=a,b&port=5432,5433`, where a path is the folder of a socket.
 */
export function hostUrls(url: string): string[] {
  const parts = /^([\w+.-]+:\/\/)([^/?#]*@)?([^/?#]*)(.*)$/.exec(url);
  if (!parts) return [url];
  const [, scheme = "", user = "", hosts = "", rest = ""] = parts;
  const query = paramsOf(url);
  const named = query.get("host")?.split(",");
  if (!named) return hosts.split(",").map((it) => scheme + user + it + rest);
  const ports = query.get("port")?.split(",") ?? [];
  return named.map((host, n) => {
    const port = ports.length === 1 ? ports[0] : ports[n];
    if (host.startsWith("/")) {
      const socket = { host, ...(port && { port }) };
      return scheme + user + hosts + withParams(rest, socket);
    }
    const address = host.includes(":") ? `[${host}]` : host;
    const at = port ? `${address}:${port}` : address;
    return scheme + user + at + withParams(rest, {});
  });
}

/** The parameters behind a URL's question mark. */
export const paramsOf = (url: string) =>
  new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? "");

function withParams(rest: string, socket: Record<string, string>): string {
  const [path = "", query = ""] = rest.split("?");
  const params = new URLSearchParams(query);
  for (const name of ["host", "port"]) params.delete(name);
  for (const [name, value] of Object.entries(socket)) params.set(name, value);
  return params.size > 0 ? `${path}?${params}` : path;
}

export const isTarget = (url: string): boolean =>
  TARGETS.includes(paramsOf(url).get("target_session_attrs") ?? "any");

/**
 * How a DATABASE_URL wants its links encrypted. Undefined where it is no word of libpq's, or the authority of
 * `sslrootcert` would be asked about nothing. `ssl=true` is what JDBC writes.
 */
export function sslModeOf(url: string): SslMode | undefined {
  const params = paramsOf(url);
  const root = params.get("sslrootcert");
  const least = root === SYSTEM ? "verify-full" : "disable";
  const said = params.get("sslmode") ?? jdbc(params.get("ssl")) ?? least;
  const mode = SSL_MODES.find((name) => name === said);
  if (!mode || (root === SYSTEM && mode !== "verify-full")) return undefined;
  if (root !== null && mode === "disable") return undefined;
  // As libpq has it for the sake of its first users.
  return root !== null && mode === "require" ? "verify-ca" : mode;
}

function jdbc(ssl: string | null): string | undefined {
  if (ssl === null) return undefined;
  return { true: "verify-full", false: "disable" }[ssl] ?? ssl;
}

/** The file of the authority that a DATABASE_URL names, or undefined where those of this program count. */
export function rootCertOf(url: string): string | undefined {
  const path = paramsOf(url).get("sslrootcert");
  return path === null || path === SYSTEM ? undefined : path;
}
