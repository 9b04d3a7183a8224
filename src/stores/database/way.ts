import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import createSql, { type Options, type PostgresType, type Sql } from "postgres";
import {
  hostUrls,
  paramsOf,
  rootCertOf,
  sslModeOf,
} from "../../settings/database-url.js";
import { bareUrl } from "../database-url.js";
import { postgresAddress } from "../socket-url.js";

/** One way to a database: a host, and how the link to it is encrypted, in postgres.js's words. */
export type Way = { url: string; ssl: "prefer" | false | ConnectionOptions };

/** The hosts of a DATABASE_URL in its order, and the ways to each: of several, the later is for where the earlier fails. */
export function waysOf(url: string): Way[][] {
  return hostUrls(url).map((host) =>
    encryptions(host).map((ssl) => ({ url: host, ssl })),
  );
}

export const isSame = (one: Way, other: Way | undefined): boolean =>
  one.url === other?.url && isEncrypted(one) === isEncrypted(other);

const isEncrypted = ({ ssl }: Way) => ssl !== false;

/** Opens links one way, with postgres.js's options. */
export function openLinks(
  { url, ssl }: Way,
  options: Options<Record<string, PostgresType>>,
): Sql {
  const [address, socket] = postgresAddress(url);
  const { hostname, port } = new URL(address);
  // postgres.js takes what stands before a colon for the host.
  const isV6 = hostname.startsWith("[");
  const v6 = { host: [unbracketed(hostname)], port: [Number(port || 5432)] };
  const where = isV6 ? v6 : socket;
  return createSql(bareUrl(address), { ...where, ssl, ...options } as object);
}

const unbracketed = (host: string) => host.replace(/^\[(.*)\]$/, "$1");

function encryptions(url: string): Way["ssl"][] {
  const { hostname } = new URL(url);
  // libpq encrypts nothing that stays on this machine.
  if (paramsOf(url).get("host")?.startsWith("/")) return [false];
  const root = rootCertOf(url);
  const ca = root === undefined ? {} : { ca: readFileSync(root, "utf8") };
  const blind = { rejectUnauthorized: false };
  // With an authority at hand libpq checks who signed, in these modes, too.
  const signed = { ...ca, checkServerIdentity: () => undefined };
  const some = root === undefined ? blind : signed;
  switch (sslModeOf(url)) {
    case "allow":
      return [false, some];
    case "prefer":
      return [root === undefined ? "prefer" : some, false];
    case "require":
      return [blind];
    case "verify-ca":
      return [signed];
    case "verify-full":
      // postgres.js names the host by itself unless it is an address; Node would then take a certificate for localhost.
      return [{ ...ca, host: unbracketed(hostname) }];
    default:
      return [false];
  }
}
