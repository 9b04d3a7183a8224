import { callers } from "./callers.js";
import { campaigns } from "./campaigns.js";
import { deploy } from "./deploy.js";
import { edge } from "./edge.js";
import { embedded } from "./embedded.js";
import { engine } from "./engine.js";
import { hosts } from "./hosts.js";
import { lua } from "./lua.js";
import type { Mutant } from "./mutant.js";
import { pages } from "./pages.js";
import { postgres } from "./postgres.js";
import { proof } from "./proof.js";
import { published } from "./published.js";
import { ready } from "./ready.js";
import { redis } from "./redis.js";
import { replay } from "./replay.js";
import { shards } from "./shards.js";
import { sql } from "./sql.js";
import { stores } from "./stores.js";
import { strangers } from "./strangers.js";
import { verify } from "./verify.js";
import { workers } from "./workers.js";

export const mutants: Mutant[] = [
  ...lua,
  ...sql,
  ...proof,
  ...verify,
  ...replay,
  ...published,
  ...pages,
  ...shards,
  ...engine,
  ...stores,
  ...edge,
  ...callers,
  ...campaigns,
  ...strangers,
  ...embedded,
  ...postgres,
  ...hosts,
  ...ready,
  ...workers,
  ...deploy,
  ...redis,
];
