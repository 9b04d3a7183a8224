import type { Sql } from "postgres";
import { within } from "../../deadline.js";
import { certificateProblem } from "../certificates.js";
import { tracked } from "../session.js";
import { isAway } from "./failures.js";
import { openLinks, type Way, waysOf } from "./way.js";

// postgres.js knows several hosts and target_session_attrs, but (3.4.9) takes a hot standby for read-write, and while no host
// will do it connects hundreds of times a second without ever failing what waits for it. So a host is chosen here, and
// all links of a pool lead to that one.

/** How long a host may take to say whether it takes writes. */
const ASK_TIMEOUT_MS = 800;

/** How long the others may take after the first that does. */
const GRACE_MS = 200;

/** SQLSTATE read_only_sql_transaction. */
const READ_ONLY = "25006";

const SILENT = "TIMEOUT";

/** A host of a DATABASE_URL, and what it said. */
export type Host = {
  /** its ways, or the one that worked */
  ways: Way[];
  /** the newer of two primaries has the greater one; undefined for a standby */
  timeline?: string;
  problem?: unknown;
};

/** Whether there is anything to choose. */
export const isChoice = (hosts: Way[][]): boolean =>
  hosts.length > 1 || hosts.some((ways) => ways.length > 1);

/** The way to the host that takes writes; where there is but one, that one, unasked. */
export async function findWay(url: string): Promise<Way> {
  const hosts = waysOf(url);
  const [only] = hosts.flat();
  return only && !isChoice(hosts) ? only : findPrimary(hosts);
}

/**
 * Asks all hosts at once, so that one that is silent costs nothing, and takes the first in their order that takes writes.
 * Of several it is one with the latest timeline: a primary that comes back after its standby was promoted knows nothing of
 * what was written since. Rejects with what is wrong where none does.
 */
export async function findPrimary(hosts: Way[][]): Promise<Way> {
  const answers: (Host | undefined)[] = hosts.map(() => undefined);
  const asking = hosts.map(async (ways, n) => {
    const host = await ask(ways);
    answers[n] = host;
    if (host.timeline === undefined) throw host.problem;
  });
  await Promise.any(asking).then(
    () => Promise.race([Promise.allSettled(asking), pause(GRACE_MS)]),
    () => {},
  );
  const [best] = answers
    .flatMap((host) => (host?.timeline === undefined ? [] : [host]))
    .sort((a, b) => compare(b.timeline, a.timeline));
  if (best?.ways[0]) return best.ways[0];
  throw worst(answers.map((host) => host?.problem));
}

/** What each host says of itself. */
export const askAll = (url: string): Promise<Host[]> =>
  Promise.all(waysOf(url).map(ask));

export const isStandby = ({ problem }: Host): boolean =>
  codeOf(problem) === READ_ONLY;

async function ask(ways: Way[]): Promise<Host> {
  const problems: unknown[] = [];
  for (const way of ways) {
    const sql = openLinks(way, {
      max: 1,
      connect_timeout: ASK_TIMEOUT_MS / 1_000,
      onnotice: () => {},
      fetch_types: false,
      connection: { application_name: "lucky-draw-host", ...tracked },
    });
    try {
      const timeline = await within(ASK_TIMEOUT_MS, timelineOf(sql), silent);
      if (timeline !== undefined) return { ways: [way], timeline };
      return { ways: [way], problem: standby() };
    } catch (error) {
      problems.push(error);
      if (isSilent(error)) break;
    } finally {
      sql.end({ timeout: 0 }).catch(() => {});
    }
  }
  return { ways, problem: worst(problems) };
}

/** Undefined for a standby. */
async function timelineOf(sql: Sql): Promise<string | undefined> {
  const [row] = await sql.unsafe("select pg_is_in_recovery() as standby");
  if (row?.standby) return undefined;
  // What is no PostgreSQL of its own may lack these.
  return sql
    .unsafe("select left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline")
    .then(
      ([row]) => String(row?.timeline),
      () => "",
    );
}

/** What to tell: what waiting does not help comes first. */
function worst(problems: unknown[]): unknown {
  return (
    problems.find((it) => it !== undefined && !isAway(it)) ??
    problems.find((it) => certificateProblem("Postgres", it)) ??
    problems.find((it) => codeOf(it) === READ_ONLY) ??
    problems.find((it) => it !== undefined)
  );
}

const standby = () =>
  Object.assign(new Error("None of its hosts takes writes now"), {
    code: READ_ONLY,
  });

const silent = () =>
  Object.assign(new Error("Postgres did not answer in time"), {
    code: SILENT,
  });

const isSilent = (error: unknown) =>
  [SILENT, "CONNECT_TIMEOUT"].includes(codeOf(error));

const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error ? String(error.code) : "";

const compare = (one = "", other = "") =>
  one === other ? 0 : one < other ? -1 : 1;

const pause = (milliseconds: number) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
