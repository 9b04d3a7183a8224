import { crc32 } from "node:zlib";

/** Which shard of so many a user belongs to. By other bits than the bucket of their record, which has the lower 16. */
export const shardOf = (userId: string, shards: number): number =>
  (crc32(userId) >>> 16) % shards;
