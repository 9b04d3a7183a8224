import { inParallel } from "./in-parallel.js";
import type { Entry } from "./load.js";
import { post, told } from "./post.js";
import { until } from "./until.js";
import type { World } from "./world.js";

/** Asks everybody of a journal once more, until each one is answered, and gives the answers in the same order. */
export async function askAgain(
  urls: string[],
  journal: Entry[],
): Promise<Entry[]> {
  const users = journal.map(({ username }, n) => ({ username, n }));
  const answers: Entry[] = [];
  await inParallel(users, 20, async ({ username, n }) => {
    answers[n] = await decided(urls[n % urls.length] ?? "", username);
  });
  return answers;
}

/** One user's answer, asked for again as long as it is a 503. */
export async function decided(
  url: string,
  username: string,
  key?: string,
): Promise<Entry> {
  const headers = key === undefined ? {} : { "idempotency-key": key };
  const at = performance.now();
  const body = await until(`an answer for ${username}`, async () => {
    const { status, body } = await post(`${url}/draw`, { username }, headers);
    if (status !== 200) throw new Error(`${status} ${body.error}`);
    return body;
  });
  const took = performance.now() - at;
  const id = body.data?.result?.id;
  return { username, at, took, status: 200, what: told(body), id };
}

/** How the second answers fit the first ones, in numbers of users. */
export function compare(first: Entry[], second: Entry[]) {
  const pairs = first.map((entry, n) => [entry, second[n] as Entry] as const);
  const count = (test: (one: Entry, two: Entry) => boolean) =>
    pairs.filter(([one, two]) => test(one, two)).length;
  const won = ({ what }: Entry) => what === "won";
  const lost = ({ what }: Entry) => what === "no_prize";
  const unanswered = ({ status }: Entry) => status !== 200;
  return {
    wrong: {
      winners_unlucky: count((one, two) => won(one) && lost(two)),
      winners_with_another_win: count(
        (one, two) => won(one) && won(two) && one.id !== two.id,
      ),
      undecided: count((_, two) => two.what === "failed"),
    },
    noted: {
      winners: count(won),
      winners_told_again: count((one, two) => won(one) && won(two)),
      losers: count(lost),
      losers_who_drew_again: count(
        (one, two) => lost(one) && two.what !== "participated",
      ),
      unanswered: count(unanswered),
      unanswered_who_then_won: count((one, two) => unanswered(one) && won(two)),
      unanswered_who_then_lost: count(
        (one, two) => unanswered(one) && lost(two),
      ),
    },
  };
}

/** `compare` where all is well. */
export const FITTING = {
  winners_unlucky: 0,
  winners_with_another_win: 0,
  undecided: 0,
};

/** What was announced against the rows, once everybody has an answer: nothing twice, and no row that nobody heard of. */
export async function announcements({ sql }: World, told: Entry[]) {
  const wins = told.flatMap(({ id, username }) =>
    id ? [{ id, username }] : [],
  );
  const ids = wins.map(({ id }) => id);
  const users = wins.map(({ username }) => username);
  const [counts] = await sql`
    with told as (
      select distinct * from unnest(${ids}::uuid[], ${users}::text[]) as w (id, username)
    )
    select
      (select count(*)::int from told left join result r using (id)
        where r.user_id is distinct from told.username) as told_without_a_row,
      (select count(*) - count(distinct id) from told)::int as results_told_to_two,
      (select count(*) - count(distinct username) from told)::int as users_told_two,
      (select count(*) - count(distinct (prize_id, unit)) from told join result using (id))::int as units_told_twice,
      (select count(*) - count(distinct (prize_id, draw_date, day_unit)) from result)::int as units_with_two_rows,
      (select count(*)::int from result where id not in (select id from told)) as untold`;
  return { ...counts };
}

/** What `announcements` says where all is well. */
export const ONCE = {
  told_without_a_row: 0,
  results_told_to_two: 0,
  users_told_two: 0,
  units_told_twice: 0,
  units_with_two_rows: 0,
  untold: 0,
};
