/** Where several Redis are told at once: the masters of a cluster, or the sentinels that know one. */
export type SeveralHosts = {
  kind: "sentinel" | "cluster";
  /** TLS, to sentinels, too */
  tls: boolean;
  hosts: { host: string; port: number }[];
  username: string | undefined;
  password: string | undefined;
  /** what Sentinel calls the master; empty of a cluster */
  name: string;
  db: number;
  /** of the sentinels */
  sentinelUsername: string | undefined;
  sentinelPassword: string | undefined;
};

const SEVERAL =
  /^redis(s?)\+(sentinel|cluster):\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;

const HOST = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d+))?$/i;

const PORTS = { sentinel: 26379, cluster: 6379 };

/** What a URL of several hosts names; undefined of any other URL, and a sentence's end where something is wrong with it. */
export function readSeveralHosts(
  url: string,
): SeveralHosts | string | undefined {
  if (!/^rediss?\+/i.test(url)) return undefined;
  const [, s, scheme = "", user = "", list = "", path = "", query] =
    SEVERAL.exec(url) ?? [];
  const kind = scheme.toLowerCase();
  if (kind !== "sentinel" && kind !== "cluster") return EXAMPLES;
  const hosts = list.split(",").map((text) => hostOf(text, PORTS[kind]));
  const [name = "", db = "", ...more] = path.split("/");
  const params = new URLSearchParams(query);
  const wrong = [...params.keys()].find((it) => !PARAMETERS.includes(it));
  if (hosts.includes(undefined)) {
    return "must list its hosts as host:port,host:port";
  }
  if (kind === "cluster" && (path !== "" || query !== undefined)) {
    return "must end with its hosts: a cluster has neither a name nor numbered databases";
  }
  if (kind === "sentinel" && !name) {
    return "must name the master as its sentinels do, behind the hosts: redis+sentinel://host:26379,host:26379/NAME";
  }
  if (!/^\d{0,9}$/.test(db) || more.length > 0) {
    return "must end with the number of a database, or with the master's name: …/NAME/1";
  }
  if (wrong !== undefined) {
    return `has a parameter that it does not take; it takes ${PARAMETERS.join(" and ")}`;
  }
  const [, username = "", password = ""] =
    /^([^:]*)(?::(.*))?$/.exec(user) ?? [];
  try {
    return {
      kind,
      tls: s !== "",
      hosts: hosts.filter((it) => it !== undefined),
      username: decoded(username),
      password: decoded(password),
      name: decodeURIComponent(name),
      db: Number(db),
      sentinelUsername: params.get("sentinel_username") ?? undefined,
      sentinelPassword: params.get("sentinel_password") ?? undefined,
    };
  } catch {
    return "has a % that begins no escape: percent-encode user and password";
  }
}

/** Ends the sentence about a URL of Redis that is none. */
export const EXAMPLES =
  "must be a URL such as redis://host:6379, rediss://host:6379, unix:///path/of/socket, redis+sentinel://host:26379,host:26379/NAME or redis+cluster://host:6379,host:6379";

/** Sentinels have users of their own; user and password before the hosts are Redis's. */
const PARAMETERS = ["sentinel_username", "sentinel_password"];

function hostOf(text: string, otherwise: number) {
  const [, host = "", port] = HOST.exec(text) ?? [];
  const number = port === undefined ? otherwise : Number(port);
  if (!host || number < 1 || number > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: number };
}

const decoded = (text: string) => decodeURIComponent(text) || undefined;
