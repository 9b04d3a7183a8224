import type { Redis } from "ioredis";
import { clusterOf } from "./cluster.js";

/** What a server wants to know of its Redis. */
type Told = {
  /** a master is away, or another one has its place: the last writes may be lost */
  lost?: () => void;
  /** it can be asked again */
  found?: () => void;
  /** each attempt that fails */
  trouble?: (error: Error) => void;
};

const ignore = () => {};

/** Tells of every loss and return of Redis, or of a master of its cluster. */
export function watchRedis(
  redis: Redis,
  { lost = ignore, found = ignore, trouble = ignore }: Told,
): void {
  redis.on("error", trouble);
  const cluster = clusterOf(redis);
  if (!cluster) {
    redis.on("close", lost);
    redis.on("ready", found);
    return;
  }
  cluster.on("node error", trouble);
  cluster.on("+node", (node: Redis) => {
    const tell = (what: () => void) => () => {
      if (!node.options.readOnly) what();
    };
    node.once("ready", tell(found));
    // An attempt that fails loses nothing more.
    node.once("ready", () => node.once("close", tell(lost)));
  });
  cluster.on("owners", () => {
    lost();
    found();
  });
}
