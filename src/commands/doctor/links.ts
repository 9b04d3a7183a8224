import { hostUrls, sslModeOf } from "../../settings/database-url.js";
import { ok, type Say, warn } from "./finding.js";

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\]|)$/;

/** Whether what goes to a store can be read or changed on the way. */
export function examineLinks(
  { databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string },
  say: Say,
): void {
  const redis = new URL(redisUrl);
  if (redis.protocol === "rediss:") {
    say(ok("The link to Redis is encrypted, and its certificate checked."));
  } else if (!LOOPBACK.test(redis.hostname)) {
    say(
      warn(
        "The link to Redis is not encrypted.",
        "use rediss:// in REDIS_URL, unless the network is yours alone",
      ),
    );
  }
  const mode = sslModeOf(databaseUrl) ?? "disable";
  const hosts = hostUrls(databaseUrl).map((url) => new URL(url).hostname);
  if (mode.startsWith("verify")) {
    say(ok("The link to Postgres is encrypted, and its certificate checked."));
  } else if (mode !== "disable") {
    say(
      warn(
        `With sslmode=${mode} whoever is in between may pass for Postgres.`,
        "use sslmode=verify-full in DATABASE_URL",
      ),
    );
  } else if (!hosts.every((host) => LOOPBACK.test(host))) {
    say(
      warn(
        "The link to Postgres is not encrypted.",
        "use sslmode=verify-full in DATABASE_URL, unless the network is yours alone",
      ),
    );
  }
}
