/**
 * What ioredis takes: it knows a socket by a bare path. `unix:///path/of/socket?db=1` becomes `/path/of/socket?db=1`, any
 * other URL stays.
 */
export function redisAddress(url: string): string {
  if (!url.startsWith("unix:")) return url;
  const { pathname, search } = new URL(url);
  return decodeURIComponent(pathname) + search;
}

/** Where Postgres is, in postgres.js's words, which must come before its other options. */
export type PostgresAddress = [
  url: string,
  socket: { host?: string; port?: number; user?: string },
];

/**
 * What postgres.js takes: it does not read the form that libpq has for a socket,
 * `postgres:///database?host=/folder&user=name`. Any other URL stays.
 */
export function postgresAddress(url: string): PostgresAddress {
  const address = new URL(url);
  const query = address.searchParams;
  const host = query.get("host");
  if (!host?.startsWith("/")) return [url, {}];
  const port = Number(query.get("port") ?? 5432);
  const user = query.get("user");
  for (const name of ["host", "port", "user"]) query.delete(name);
  return [address.href, { host, port, ...(user && { user }) }];
}
