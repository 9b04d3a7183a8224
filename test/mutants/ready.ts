import type { Mutant } from "./mutant.js";

/** Mistakes in what a server says about itself. */
export const ready: Mutant[] = [
  {
    name: "each asker has a look of its own",
    file: "src/http/shared.ts",
    find: "running ??= work()",
    replace: "running = work()",
    test: "test/engine/ready.test.ts",
    only: "whoever asks during a run shares it",
  },
  {
    name: "a look is kept for ever",
    file: "src/http/shared.ts",
    find: "      running = undefined;\n",
    replace: "",
    test: "test/engine/ready.test.ts",
    only: "whoever asks during a run shares it",
  },
  {
    name: "the probe does not look at the outbox",
    file: "lua/probe.lua",
    find: "call('XRANGE', outbox, '+', '-')\n",
    replace: "",
    test: "test/engine/ready.test.ts",
    only: "what makes Redis refuse every draw",
  },
  {
    name: "the probe runs in a full Redis",
    file: "lua/probe.lua",
    find: "#!lua\n",
    replace: "#!lua flags=allow-oom\n",
    test: "test/lua/scripts.test.ts",
  },
  {
    name: "the probe leaves out a command of remember.lua",
    file: "lua/probe.lua",
    find: "  call('HSETNX', scratch, ARGV[at], expires_at)\n",
    replace: "",
    test: "test/lua/scripts.test.ts",
    only: "the probe calls every command",
  },
  {
    name: "an old figure of the outbox while Redis is away",
    file: "src/http/routes/metrics.ts",
    find: "const gauges = [outboxEntries, outboxOldest, outboxAhead, untold];",
    replace: "const gauges = [outboxEntries, outboxOldest, untold];",
    test: "test/engine/ready.test.ts",
    only: "while a store is silent",
  },
  {
    name: "readiness does not look whether a win could be redeemed",
    file: "src/engine/probe.ts",
    find: "where exists (select from redeem_results('{}', '{}', '{}', '{}', null, '{}', '{}'))",
    replace: "where false",
    test: "test/engine/ready.test.ts",
    only: "what keeps Postgres from taking a win",
  },
];
