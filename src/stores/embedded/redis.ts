import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { SetupError } from "../../errors.js";
import { redisAddress } from "../socket-url.js";
import { openFolder, shown } from "./folder.js";
import { endOrphans } from "./orphans.js";
import { becomes, HERE, launch } from "./process.js";
import { NAMES, redisProgram } from "./redis-program.js";
import { storesUser } from "./user.js";

/** A Redis of this process's own. */
export type EmbeddedRedis = {
  /** `unix:///path`, or `redis://` where it has an address. */
  url: string;
  pid: number;
  stop(): Promise<void>;
};

/** A port of 127.0.0.1 behind a secret, for what must come over TCP: the proxies of tests, other processes. */
export type Address = { port: number; password: string };

const SOCKET = "redis.sock";

/** Where a Redis that runs in a folder listens. */
export const redisSocket = (folder: string) => join(folder, SOCKET);

/**
 * Starts a Redis that keeps its data in `folder`, which nobody else may enter, and listens on a socket in it; given an
 * address, there too. What an earlier process left running in the folder is stopped first.
 */
export async function startRedis(
  folder: string,
  say: (line: string) => void,
  address?: Address,
): Promise<EmbeddedRedis> {
  const program = redisProgram(say);
  const user = await storesUser(say);
  const { path, tighten, close } = openFolder(folder, user);
  await endOrphans(path, NAMES, "SIGTERM");
  await tighten();
  // An earlier revision kept a password here.
  await rm(join(path, "redis.conf"), { force: true });
  const input = settings(address);
  // Settings by stdin: a command line can be read by all, a file would keep the secret.
  const { child, exited } = launch(program, ["-"], {
    folder: path,
    user,
    input,
  });
  const socket = `unix://${redisSocket(path)}`;
  if (!(await answers(socket, address?.password, exited))) {
    const log = shown(join(path, "redis.log"));
    close();
    throw new SetupError(`${program} did not start: see ${log}`);
  }
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
    close();
  };
  const url = address
    ? `redis://:${address.password}@127.0.0.1:${address.port}`
    : socket;
  return { url, pid: child.pid ?? 0, stop };
}

const settings = (address?: Address) => `bind 127.0.0.1
port ${address?.port ?? 0}
requirepass "${address?.password ?? ""}"
unixsocket ${SOCKET}
unixsocketperm 700
dir ${HERE}
logfile redis.log
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
`;

async function answers(
  url: string,
  password: string | undefined,
  exited: Promise<void>,
): Promise<boolean> {
  return becomes(exited, async () => {
    const redis = new Redis(redisAddress(url), {
      password,
      lazyConnect: true,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      protocol: 2,
    });
    redis.on("error", () => {});
    try {
      await redis.connect();
      await redis.ping(); // waits out the loading of the append-only file
      return true;
    } catch {
      return false;
    } finally {
      redis.disconnect();
    }
  });
}

/** An address that nothing listens at, with a fresh secret. */
export const freeAddress = async (): Promise<Address> => ({
  port: await freePort(),
  password: randomBytes(16).toString("hex"),
});

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(0, "127.0.0.1");
    await once(probe, "listening");
    return (probe.address() as AddressInfo).port;
  } finally {
    probe.close();
  }
}
