import { Redis } from "ioredis";
import type { SeveralHosts } from "../../settings/redis-url.js";
import type { Options } from "./options.js";

/** How long to wait before all sentinels are asked anew, and before a lost one is listened to again, in milliseconds. */
const ASK_AGAIN_MS = 500;

/** The master that sentinels name, and after a failover its successor. */
export class SentinelRedis extends Redis {
  #isClosed = false;

  constructor(address: SeveralHosts, options: Options) {
    const { hosts, name, db, username, password, tls } = address;
    const { sentinelUsername, sentinelPassword } = address;
    super({
      ...options,
      sentinels: hosts,
      name,
      db,
      ...(username && { username }),
      ...(password && { password }),
      ...(sentinelUsername && { sentinelUsername }),
      ...(sentinelPassword && { sentinelPassword }),
      ...(tls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
      sentinelCommandTimeout: options.connectTimeout,
      sentinelRetryStrategy: (times) => Math.min(50 * times, ASK_AGAIN_MS),
      // A master that is cut off from its sentinels goes on: they tell that it is none any more.
      failoverDetector: true,
      sentinelReconnectStrategy: () => ASK_AGAIN_MS,
    });
    // Where a failover is told while ioredis (6.0.0) asks for the master, it gives up for good.
    this.on("end", () => {
      if (this.#isClosed) return;
      setTimeout(() => {
        if (!this.#isClosed) this.connect().catch(() => {});
      }, 50).unref();
    });
  }

  override disconnect(reconnect = false): void {
    this.#isClosed ||= !reconnect;
    super.disconnect(reconnect);
  }
}
