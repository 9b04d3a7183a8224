import type { Sql } from "postgres";
import { searchPathOf } from "../database-url.js";
import { arrayText } from "../literals.js";
import { startup } from "../session.js";
import { findPrimary, isChoice } from "./primary.js";
import { isSame, openLinks, type Way, waysOf } from "./way.js";

type Items = (string | number)[];

const array = (oid: number, serialize: (items: Items) => string) => ({
  to: oid,
  from: [],
  serialize,
  parse: String,
});

const plain = (items: Items) => `{${items.join(",")}}`;

/** Arrays as parameters, by their object ids in pg_type. */
const ARRAYS = {
  text: array(1009, arrayText),
  bigint: array(1016, plain),
  float8: array(1022, plain),
  uuid: array(2951, plain),
};

/** How long a failure to find a host that takes writes is the answer to all who ask. */
const BACKOFF_MS = 100;

/** How long a pool is tried before another one is opened because Postgres takes no writes. */
const YOUNG_MS = 1_000;

/** How long a statement may take, in milliseconds, and how many links there may be. */
type Limits = { patience: number; links: number };

/** The pool in force. Its links lead to one host; another takes its place where there is a choice and that one is gone. */
export function createPools(
  url: string,
  limits: Limits,
  isPooled: () => boolean,
) {
  const hosts = waysOf(url);
  const only = isChoice(hosts) ? undefined : hosts[0]?.[0];
  let way: Way | undefined;
  let openedAt = 0;
  let doubted = false;
  let finding: Promise<Sql> | undefined;
  let closed = false;
  let pool = only && open(only);

  function open(leading: Way): Sql {
    const opened = connect(leading, limits, isPooled(), () => {
      if (opened === pool) doubt();
    });
    way = leading;
    doubted = false;
    openedAt = performance.now();
    return opened;
  }

  /** A link ended: before the next statement the hosts are asked again, since this one may come back as a standby. */
  function doubt(): void {
    doubted = only === undefined;
  }

  function find(): Promise<Sql> {
    if (finding) return finding;
    finding = lead();
    const over = () => {
      finding = undefined;
    };
    finding.then(over, () => setTimeout(over, BACKOFF_MS).unref());
    return finding;
  }

  async function lead(): Promise<Sql> {
    const found = await findPrimary(hosts);
    doubted = false;
    if (pool && isSame(found, way)) return pool;
    pool?.end({ timeout: 1 }).catch(() => {});
    pool = open(found);
    if (closed) await pool.end({ timeout: 0 });
    return pool;
  }

  /** Another pool takes this one's place. What runs on it has so many seconds left. */
  function replace(old: Sql | undefined, seconds: number): void {
    if (!old || old !== pool) return;
    pool = only && open(only);
    old.end({ timeout: seconds }).catch(() => {});
  }

  return {
    /** Undefined where a host must be found first. */
    current: () => (doubted ? undefined : pool),
    find,
    doubt,
    replace,
    /** It may lead to another server by now, by the same name. Not at every statement: this may be the only one. */
    replaceReadOnly(old: Sql | undefined): void {
      if (performance.now() - openedAt >= YOUNG_MS) replace(old, 1);
    },
    async close(): Promise<void> {
      closed = true;
      await finding?.catch(() => {});
      await pool?.end({ timeout: 1 });
    },
  };
}

function connect(
  way: Way,
  { patience, links }: Limits,
  isPooled: boolean,
  onclose: () => void,
): Sql {
  return openLinks(way, {
    max: links,
    connect_timeout: 1,
    backoff: () => 0.1,
    onnotice: () => {},
    onclose,
    // The question for the database's array types, which postgres.js asks on every connection, is awaited by nobody: a
    // connection destroyed under it ended the process. So the few that we send are named here.
    fetch_types: false,
    types: ARRAYS,
    connection: {
      application_name: "lucky-draw",
      ...startup(patience, isPooled, searchPathOf(way.url)),
    },
  });
}
