import { within } from "../../deadline.js";
import { probeRedis } from "../../engine/probe.js";
import { certificateProblem } from "../../stores/certificates.js";
import {
  clusterOf,
  connect,
  createRedis,
  mastersOf,
  noticeMute,
  type Redis,
  watchRedis,
} from "../../stores/redis.js";
import { sentenceOf } from "../program.js";
import { fail, failWith, ok, type Say, warn } from "./finding.js";

/** How long it may take to connect, in milliseconds. */
const CONNECT_TIMEOUT_MS = 3_000;

/** A share of the memory from which on it is nearly full. */
const NEARLY_FULL_PART = 0.8;

/** Connects and measures a ping. Returns undefined where Redis can't be reached; the caller disconnects. */
export async function reachRedis(
  url: string,
  say: Say,
): Promise<Redis | undefined> {
  const redis = createRedis(url);
  let reason: unknown;
  watchRedis(redis, {
    trouble: (error) => {
      // The first one tells more than what follows from it.
      reason ??= error;
    },
  });
  const late = () => new Error(`no answer in ${CONNECT_TIMEOUT_MS} ms`);
  try {
    await within(CONNECT_TIMEOUT_MS, connect(redis), late);
    const began = performance.now();
    await Promise.all(mastersOf(redis).map((node) => node.ping()));
    const took = performance.now() - began;
    say(ok(`Redis answers in ${took.toFixed(1)} ms.`));
    return redis;
  } catch (error) {
    redis.disconnect();
    say(unreachable(reason ?? error));
    return undefined;
  }
}

function unreachable(error: unknown) {
  const untrusted = certificateProblem("Redis", error);
  if (untrusted) return failWith(untrusted);
  const words = sentenceOf(error);
  if (/No such master/.test(words)) {
    return fail(
      "The sentinels of REDIS_URL know no master of that name.",
      "name it as sentinel monitor does in their configuration",
    );
  }
  return fail(
    `Redis can't be reached: ${words}.`,
    /NOAUTH|WRONGPASS|NOPERM/.test(words)
      ? "check user and password in REDIS_URL, and the rights in lua/acl.txt"
      : "check host and port in REDIS_URL, and that Redis runs",
  );
}

/** The version, role, persistence and memory of each master, and whether draws can be decided. */
export async function examineRedis(redis: Redis, say: Say): Promise<void> {
  const nodes = mastersOf(redis);
  for (const node of nodes) {
    const { host, port } = node.options;
    const tell: Say = (it) =>
      say({ ...it, sentence: `${host}:${port}: ${it.sentence}` });
    await examineNode(node, clusterOf(redis) ? tell : say);
  }
  const refusal = await probeRedis(redis);
  say(refusal ? failWith(refusal) : ok("Redis does all that a draw needs."));
}

async function examineNode(redis: Redis, say: Say): Promise<void> {
  if (await noticeMute(redis)) {
    say(
      warn(
        "Redis refuses INFO: its version, role, persistence and memory can't be checked, nor will a server notice its replication id.",
        "ask its host for Redis 7.0 or later, appendonly yes and maxmemory-policy noeviction",
      ),
    );
    return;
  }
  const info = parse(await redis.info());
  const version = info.get("redis_version") ?? "0";
  const name = info.has("valkey_version")
    ? `Valkey ${info.get("valkey_version")}`
    : `Redis ${version}`;
  say(
    Number.parseInt(version, 10) >= 7
      ? ok(`${name} is new enough.`)
      : fail(`${name} is too old.`, "install Redis 7.0 or later, or Valkey"),
  );
  if (info.get("role") !== "master") {
    say(
      fail(
        "This Redis is a replica: it takes no writes.",
        "name the primary in REDIS_URL",
      ),
    );
  }
  await examinePersistence(redis, info, say);
  examineMemory(info, say);
}

type Info = Map<string, string>;

function parse(text: string): Info {
  const lines = text.split("\r\n").map((line) => line.split(":"));
  return new Map(lines.map(([name = "", ...rest]) => [name, rest.join(":")]));
}

async function examinePersistence(redis: Redis, info: Info, say: Say) {
  if (info.get("aof_enabled") !== "1") {
    say(
      fail(
        "Redis keeps no append-only file: after its restart everybody who lost today can draw again.",
        "redis-cli CONFIG SET appendonly yes, and appendonly yes in redis.conf",
      ),
    );
    return;
  }
  for (const field of ["aof_last_write_status", "aof_last_bgrewrite_status"]) {
    if (info.get(field) === "ok") continue;
    say(
      fail(
        `Redis failed to write its append-only file (${field}).`,
        "look at its log and at the free space of its disk",
      ),
    );
  }
  // The server's own user may not ask, and rightly so.
  const answer = await redis
    .config("GET", "appendfsync")
    .catch(() => undefined);
  const [, policy] = (answer as string[] | undefined) ?? [];
  say(
    policy === "no"
      ? warn(
          "Redis leaves it to the system when its append-only file reaches the disk (appendfsync no).",
          "redis-cli CONFIG SET appendfsync everysec",
        )
      : ok(
          `Redis keeps an append-only file (appendfsync ${policy ?? "can't be read by this user"}).`,
        ),
  );
}

function examineMemory(info: Info, say: Say): void {
  const policy = info.get("maxmemory_policy");
  say(
    policy === "noeviction"
      ? ok("A full Redis refuses draws and forgets nothing (noeviction).")
      : fail(
          `A full Redis forgets who has drawn (maxmemory-policy ${policy}).`,
          "redis-cli CONFIG SET maxmemory-policy noeviction",
        ),
  );
  const used = Number(info.get("used_memory"));
  const most =
    Number(info.get("maxmemory")) || Number(info.get("total_system_memory"));
  const sentence = `Redis uses ${megabytes(used)} of ${megabytes(most)} MB.`;
  say(
    used > NEARLY_FULL_PART * most
      ? warn(
          sentence,
          "give it more memory: when it is full, draws are refused",
        )
      : ok(sentence),
  );
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1e6);
