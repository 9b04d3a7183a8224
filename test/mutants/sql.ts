import type { Mutant } from "./mutant.js";

/** Mistakes in the tables, their guards and who may do what. */
export const sql: Mutant[] = [
  {
    name: "a unit may go twice",
    file: "sql/013_campaigns.sql",
    find: "  add constraint result_unit_key unique (prize_id, campaign_id, unit),\n",
    replace: "",
    test: "test/results/results.test.ts",
    only: "a unit goes once",
    few: true,
  },
  {
    name: "a unit of the day may go twice",
    file: "sql/013_campaigns.sql",
    find: "unique (prize_id, campaign_id, unit),\n  add constraint result_day_unit_key unique (prize_id, campaign_id, draw_date, day_unit);",
    replace: "unique (prize_id, campaign_id, unit);",
    test: "test/results/results.test.ts",
    only: "a unit goes once",
    few: true,
  },
  {
    name: "a user may win twice a day",
    file: "sql/013_campaigns.sql",
    find: "  add constraint result_draw_key unique (user_id, draw_date, campaign_id, draw_no),\n",
    replace: "",
    test: "test/results/results.test.ts",
    only: "a user has one win a day",
  },
  {
    name: "a probability above one",
    file: "sql/001_prizes.sql",
    find: "check (probability between 0 and 1)",
    replace: "check (probability >= 0)",
    test: "test/prizes/reload.test.ts",
    only: "the prize table refuses",
  },
  {
    name: "an edit does not move the version",
    file: "sql/013_campaigns.sql",
    find: "create trigger prize_edited after update on prize",
    replace: "create trigger prize_edited after update on moment",
    test: "test/prizes/reload.test.ts",
    only: "an edit that could not be put in force",
  },
  {
    name: "the history of the prizes can be rewritten",
    file: "sql/004_prize_history.sql",
    find: "before update or delete or truncate on prize_change",
    replace: "before truncate on prize_change",
    test: "test/sql/history.test.ts",
  },
  {
    name: "a change of a prize goes unnoted",
    file: "sql/013_campaigns.sql",
    find: "elsif old is distinct from new then\n    insert into prize_change (campaign_id, prize_id, before, after)",
    replace:
      "elsif false then\n    insert into prize_change (campaign_id, prize_id, before, after)",
    test: "test/sql/history.test.ts",
  },
  {
    name: "an editor overwrites what another one has changed meanwhile",
    file: "sql/013_campaigns.sql",
    find: "if expected <> standing then\n    raise exception using errcode = '22L01',\n      message = 'If-Match: the prizes",
    replace:
      "if false then\n    raise exception using errcode = '22L01',\n      message = 'If-Match: the prizes",
    test: "test/admin/prizes.test.ts",
  },
  {
    name: "odds above one are saved",
    file: "sql/013_campaigns.sql",
    find: "if odds > 1 then",
    replace: "if odds > 2 then",
    test: "test/admin/prizes.test.ts",
  },
  {
    name: "a preview saves",
    file: "sql/013_campaigns.sql",
    find: "answer := prize_table(change_prizes.campaign);\n    if preview then",
    replace:
      "answer := prize_table(change_prizes.campaign);\n    if false then",
    test: "test/admin/prizes.test.ts",
  },
  {
    name: "a redeemed win that is deleted stays counted",
    file: "sql/013_campaigns.sql",
    find: "case when old.redeemed_at is null then 1 else -1 end",
    replace: "1",
    test: "test/admin/results.test.ts",
  },
  {
    name: "reports may read phone numbers",
    file: "sql/grants.sql",
    find: "grant select (id, user_id, prize_id, draw_date, unit, day_unit, created_at, redeemed_at, campaign_id, draw_no, win_no, moment_id)\n  on result to lucky_reader;",
    replace: "grant select on result to lucky_reader;",
    test: "test/sql/privileges.test.ts",
  },
  {
    name: "the service may delete results",
    file: "sql/grants.sql",
    find: "grant update (phone_no, redeemed_at) on result to lucky_server;",
    replace:
      "grant update (phone_no, redeemed_at), delete on result to lucky_server;",
    test: "test/sql/privileges.test.ts",
  },
  {
    name: "redeeming needs a right that everybody may have lost",
    file: "sql/grants.sql",
    find: ",\n  redeem_results(uuid[], text[], text[], float8[], date, text[], date[]) to lucky_server;",
    replace: " to lucky_server;",
    test: "test/sql/privileges.test.ts",
  },
  {
    name: "two prizes are the fallback",
    file: "sql/013_campaigns.sql",
    find: "having count(*) > 1 limit 1",
    replace: "having count(*) > 2 limit 1",
    test: "test/prizes/fallback.test.ts",
    only: "one active prize at most",
  },
];
