import type { CountryCode } from "libphonenumber-js";
import type { Campaigns } from "./campaigns/campaigns.js";
import type { Claims } from "./campaigns/claims.js";
import type { Clock } from "./clock.js";
import type { Gate } from "./engine/gate.js";
import type { Lateness } from "./engine/lateness.js";
import type { Metrics } from "./observe/metrics.js";
import type { Sums } from "./observe/sums.js";
import type { Redemptions } from "./results/redeem.js";
import type { Config } from "./settings/config.js";
import type { Postgres } from "./stores/postgres.js";
import type { Redis } from "./stores/redis.js";

/** The settings a server is made with. An optional part is off if its setting is missing. */
export type Settings = Pick<Config, "TIME_ZONE" | "DEFAULT_COUNTRY"> &
  Partial<Config>;

/** What the routes work with. server.ts makes it. */
export type Services = {
  redis: Redis;
  postgres: Postgres;
  /** in TIME_ZONE; each campaign has its own days */
  clock: Clock;
  campaigns: Campaigns;
  claims: Claims;
  redemptions: Redemptions;
  gate: Gate;
  lateness: Lateness;
  /** whether it is about to stop, and still answers */
  draining: () => boolean;
  /** where they are on */
  metrics: Metrics | undefined;
  /** where there are several workers */
  sums: Sums | undefined;
  /** counts requests where they are limited; apart from `redis`, so that it can fail alone */
  limits?: Redis | undefined;
  /** of phone numbers without a country code */
  country: CountryCode;
  settings: Settings;
};
