import type { Mutant } from "./mutant.js";

const DAY = "test/proof/day.test.ts";
const LOSSES = "test/proof/losses.test.ts";
const SWITCHING = "test/proof/switching.test.ts";
const LINES = "test/proof/lines.test.ts";
const SHARDS = "test/proof/shards.test.ts";
const BEACON = "test/proof/with-beacon.test.ts";
const DRAW = "lua/draw.lua";
const BEGIN = "src/proof/sealing/begin.ts";
const SEAL = "src/proof/sealing/seal.ts";
const RECONCILE = "src/proof/log/reconcile.ts";

/** Days with a log: what is written, when, and that nothing of it is lost or twice. */
export const proof: Mutant[] = [
  {
    name: "any number of lines may wait for Postgres",
    file: DRAW,
    find: "elseif seq and seq - tonumber(kept or 0) > MOST_AHEAD then",
    replace: "elseif false then",
    test: SWITCHING,
  },
  {
    name: "a log's table is that of another day's draws",
    file: DRAW,
    find: "if call('HGET', taken, '@told') ~= draw_date then",
    replace: "if not call('HGET', taken, '@told') then",
    test: SWITCHING,
  },
  {
    name: "a draw that only the limit kept from winning is not marked",
    file: DRAW,
    find: "how = 'limited'",
    replace: "how = ''",
    test: DAY,
  },
  {
    name: "a roll for another draw of the user decides",
    file: DRAW,
    find: "if is_logged and number_of(ARGV[ARGV_BEFORE + count + i]) ~= no then",
    replace: "if false then",
    test: DAY,
  },
  {
    name: "a day whose log is not begun is drawn on",
    file: DRAW,
    find: "or (not standing and not closed) or",
    replace: "or",
    test: BEACON,
  },
  {
    name: "an edit is not in the log",
    file: "lua/reload.lua",
    find: "call('HDEL', taken, '@told')",
    replace: "local _ = taken",
    test: LINES,
  },
  {
    name: "new moments are not in the log",
    file: "lua/schedule.lua",
    find: "call('HSET', prizes, 'moments', hashes)",
    replace: "call('HSETNX', prizes, 'moments', hashes)",
    test: DAY,
  },
  {
    name: "numbers that came back are not in the log",
    file: "lua/spare.lua",
    find: "call('HDEL', taken, '@told')",
    replace: "local _ = taken",
    test: LINES,
  },
  {
    name: "after a loss the numbers of lines go on where Postgres is",
    file: "lua/log.lua",
    find: "seq = tonumber(start)",
    replace: "seq = from + 1",
    test: LINES,
  },
  {
    name: "after a second loss they go on where the first one let them",
    file: BEGIN,
    find: "greatest(resumed_at, next_seq)",
    replace: "next_seq",
    test: LINES,
  },
  {
    name: "a line that must come once comes again",
    file: "lua/line.lua",
    find: "if call('HSETNX', taken_today, '@line:' .. ARGV[at], 1) == 1 then",
    replace: "if call('HSETNX', taken_today, '@line:' .. ARGV[at], 1) then",
    test: LINES,
  },
  {
    name: "a log is closed before all of it is kept",
    file: "lua/kept.lua",
    find: "or (seq and seq > tonumber(next_seq))",
    replace: "",
    test: LINES,
  },
  {
    name: "numbers that a shard was granted are not in its log",
    file: "lua/grant.lua",
    find: "if seq and #lines > 0 then",
    replace: "if false then",
    test: SHARDS,
  },
  {
    name: "a person's roll is of the words as they are",
    file: "src/proof/notes/rolls.ts",
    find: ">>> 2",
    replace: ">>> 1",
    test: DAY,
  },
  {
    name: "the roll of before the day was known decides",
    file: "src/engine/decide.ts",
    find: "draw.roll = rolls.rollOf(draw.p, draw.draw_no);",
    replace: "",
    test: DAY,
  },
  {
    name: "sealed names are open",
    file: "src/proof/sealing/sealed-days.ts",
    find: "names_key: isOpen ? null : names_key",
    replace: "names_key: null",
    test: DAY,
  },
  {
    name: "a receipt is of another place in its batch",
    file: "src/engine/reply.ts",
    find: "receipt = receiptOf(n);",
    replace: "receipt = receiptOf(0);",
    test: DAY,
  },
  {
    name: "leaves are hashed as nodes are",
    file: "src/proof/notes/tree.ts",
    find: "const LEAF = 0;",
    replace: "const LEAF = 1;",
    test: DAY,
  },
  {
    name: "lines are kept again that another server has kept",
    file: "src/proof/log/chunk.ts",
    find: "if (line.seq < next_seq) continue;",
    replace: "",
    test: LINES,
  },
  {
    name: "wins whose lines are gone are not in the log",
    file: RECONCILE,
    find: "if (lines.length > 0) await appendLines(redis, keys, at, lines);",
    replace: "",
    test: LOSSES,
  },
  {
    name: "a win on its way to its row is void",
    file: RECONCILE,
    find: "line.user_id === null && !waiting.has(unitOf(line))",
    replace: "line.user_id === null",
    test: LINES,
  },
  {
    name: "a win that Postgres refused stands in the log",
    file: "src/campaigns/lane.ts",
    find: "await voidWin(redis, keys, clock, win);",
    replace: "",
    test: LOSSES,
  },
  {
    name: "a day is closed while a shard's log is open",
    file: "src/proof/sealing/close.ts",
    find: "if (logs.filter(({ closed }) => closed).length < seal.shards) return;",
    replace: "",
    test: SHARDS,
  },
  {
    name: "a day that was drawn on gets a log",
    file: BEGIN,
    find: 'if (Number(draws ?? 0) > 0 || log === "-") return false;',
    replace: "",
    test: SWITCHING,
  },
  {
    name: "the key before does not sign the first seal of the next one",
    file: SEAL,
    find: "const signers = [signer, ...before];",
    replace: "const signers = [signer];",
    test: SWITCHING,
  },
  {
    name: "a day is sealed when the beacon's round may be known",
    file: SEAL,
    find: "const SEALED_BEFORE_MS = 600_000;",
    replace: "const SEALED_BEFORE_MS = 0;",
    test: BEACON,
  },
  {
    name: "a seal names the round at the day's begin",
    file: SEAL,
    find: "const ROUND_BEFORE_MS = 60_000;",
    replace: "const ROUND_BEFORE_MS = 0;",
    test: BEACON,
  },
  {
    name: "a day goes on without the beacon that it requires",
    file: BEGIN,
    find: "if (settings.beacon?.required !== false) {",
    replace: "if (!settings.beacon) {",
    test: BEACON,
  },
];
