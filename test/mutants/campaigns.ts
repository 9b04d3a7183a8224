import type { Mutant } from "./mutant.js";

const DRAW = "lua/draw.lua";
const DATES = "test/campaigns/dates.test.ts";
const SEVERAL = "test/campaigns/several-draws.test.ts";
const LIMIT = "test/campaigns/wins-per-user.test.ts";
const MOMENTS = "test/campaigns/moments.test.ts";
const RELEASE = "test/campaigns/release.test.ts";
const FROZEN = "test/campaigns/frozen.test.ts";

/** Mistakes with the rules of campaigns. */
export const campaigns: Mutant[] = [
  {
    name: "the campaign ends a millisecond late",
    file: DRAW,
    find: "now >= odds.ends_at and ENDED",
    replace: "now > odds.ends_at and ENDED",
    test: DATES,
    only: "nobody draws before the start",
  },
  {
    name: "the campaign begins a millisecond early",
    file: DRAW,
    find: "now < odds.starts_at and NOT_STARTED",
    replace: "now < odds.starts_at - 1 and NOT_STARTED",
    test: DATES,
    only: "nobody draws before the start",
  },
  {
    name: "after the end a refused draw is used up",
    file: DRAW,
    find: "    letters[i] = closed\n    return",
    replace: "    letters[i] = closed\n    decided[users[i]] = i\n    return",
    test: DATES,
    only: "nobody draws before the start",
  },
  {
    name: "the last day promises a tomorrow",
    file: "src/prizes/campaign.ts",
    find: "ends_at !== null && ends_at <= day.endsAt",
    replace: "ends_at !== null && ends_at < day.endsAt - 86_400_000",
    test: DATES,
    only: "the last day promises",
  },
  {
    name: "one draw more than the campaign gives",
    file: DRAW,
    find: "local has_left = used_of(list) < draws_per_day",
    replace: "local has_left = used_of(list) <= draws_per_day",
    test: SEVERAL,
    only: "three a day",
  },
  {
    name: "a second win of a user in one entry is taken for the first",
    file: "src/outbox/win.ts",
    find: "of.draw_no > 1 ? `",
    replace: "of.draw_no > 1_000 ? `",
    test: SEVERAL,
    only: "an entry with two wins",
  },
  {
    name: "one win more than the campaign allows a user",
    file: DRAW,
    find: "may_win = wins_before < wins_per_user",
    replace: "may_win = wins_before <= wins_per_user",
    test: LIMIT,
    only: "one win, eight requests",
  },
  {
    name: "after a loss wins are not counted anew",
    file: "src/engine/decide.ts",
    find: "if (isLimited && !(await recountUsers(scope, lost, users))) return false;",
    replace: "",
    test: LIMIT,
    only: "over days",
  },
  {
    name: "a limit that comes later finds nothing counted",
    file: "lua/reload.lua",
    find: " or (behind and current == name) or is_uncounted then",
    replace: " or (behind and current == name) then",
    test: LIMIT,
    only: "a limit that comes later",
  },
  {
    name: "a unit is released too early",
    file: DRAW,
    find: "local length, elapsed = to - from, now - from",
    replace: "local length, elapsed = to - from, now - from + 1",
    test: RELEASE,
    only: "100 units from",
  },
  {
    name: "the last units of a large quota are released wrongly",
    file: DRAW,
    find: "return math.floor(quota / length) * elapsed + math.floor(quota % length * elapsed / length)",
    replace: "return math.floor(quota / length * elapsed) - 1",
    test: RELEASE,
    only: "100 units from",
  },
  {
    name: "a claimed moment can be claimed again",
    file: DRAW,
    find: "    call('ZADD', moments, '+inf', moment)",
    replace: "    call('ZSCORE', moments, moment)",
    test: MOMENTS,
    only: "500 users race for 50 moments of which 30 are due",
  },
  {
    name: "a moment is due a second early",
    file: DRAW,
    find: "call('ZRANGEBYSCORE', moments, '-inf', created_at, 'LIMIT'",
    replace: "call('ZRANGEBYSCORE', moments, '-inf', now + 1000, 'LIMIT'",
    test: MOMENTS,
    only: "the oldest first",
  },
  {
    name: "a claim that came to nothing stays claimed",
    file: "lua/schedule.lua",
    find: "standing == 'inf' and (given_up == '' or string.match(moment, '/(%d+)$') ~= given_up)",
    replace: "standing == 'inf'",
    test: MOMENTS,
    only: "a claim that comes to nothing",
  },
  {
    name: "a frozen campaign gives odds back",
    file: "sql/013_campaigns.sql",
    find: "elsif new.probability < old.probability then",
    replace: "elsif new.probability < old.probability - 1 then",
    test: FROZEN,
    only: "plain SQL is refused",
  },
  {
    name: "a frozen campaign thaws",
    file: "sql/013_campaigns.sql",
    find: "    elsif not new.frozen then",
    replace: "    elsif false then",
    test: FROZEN,
    only: "plain SQL is refused",
  },
  {
    name: "all campaigns lie under one tag",
    file: "src/stores/keys.ts",
    find: ": `{lucky-draw:",
    replace: ": `{lucky-draw}:x",
    test: "test/campaigns/beside.test.ts",
    only: "the same prize id and users",
  },
  {
    name: "past campaigns are looked at every second",
    file: "src/campaigns/campaigns.ts",
    find: "return active && clock.now() < (ends_at ?? Infinity) + WATCHED_AFTER_MS;",
    replace: "return active && (ends_at ?? 1) > 0;",
    test: "test/campaigns/beside.test.ts",
    only: "a thousand past campaigns",
  },
];
