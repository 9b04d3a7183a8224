import { readSeveralHosts } from "../../settings/redis-url.js";
import { ok, type Say, warn } from "./finding.js";

const LOOPBACK = /^(localhost|127\.[\d.]+|\[?::1\]?|)$/;

/** sslmode that encrypts and believes any certificate. */
const BLIND = ["require", "prefer", "allow"];

/** Whether what goes to a store can be read or changed on the way. */
export function examineLinks(
  { databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string },
  say: Say,
): void {
  const several = readSeveralHosts(redisUrl);
  const { isEncrypted, isOutside } =
    typeof several === "object"
      ? {
          isEncrypted: several.tls,
          isOutside: several.hosts.some(({ host }) => !LOOPBACK.test(host)),
        }
      : {
          isEncrypted: redisUrl.startsWith("rediss:"),
          isOutside: !LOOPBACK.test(new URL(redisUrl).hostname),
        };
  if (isEncrypted) {
    say(ok("The link to Redis is encrypted, and its certificate checked."));
  } else if (isOutside) {
    say(
      warn(
        "The link to Redis is not encrypted.",
        "use rediss:// (or rediss+sentinel://, rediss+cluster://) in REDIS_URL, unless the network is yours alone",
      ),
    );
  }
  const postgres = new URL(databaseUrl);
  const query = postgres.searchParams;
  const mode = query.get("sslmode") ?? query.get("ssl") ?? "disable";
  if (BLIND.includes(mode)) {
    say(
      warn(
        `With sslmode=${mode} whoever is in between may pass for Postgres.`,
        "use sslmode=verify-full in DATABASE_URL",
      ),
    );
  } else if (mode !== "disable" && mode !== "false") {
    say(ok("The link to Postgres is encrypted, and its certificate checked."));
  } else if (!LOOPBACK.test(postgres.hostname)) {
    say(
      warn(
        "The link to Postgres is not encrypted.",
        "use sslmode=verify-full in DATABASE_URL, unless the network is yours alone",
      ),
    );
  }
}
