import { type Body, post, told } from "./post.js";
import type { World } from "./world.js";

/** One request and what came back; `status` 0: no answer. */
export type Entry = {
  username: string;
  at: number;
  took: number;
  status: number;
  what: ReturnType<typeof told>;
  id: string | undefined;
};

/** A load of unique users that goes on until it is stopped, and the journal of what they were told. */
export function startLoad(
  urls: string[],
  width = 20,
  headersOf: (username: string) => Record<string, string> = () => ({}),
  name = "load",
) {
  const journal: Entry[] = [];
  let going = true;
  let users = 0;
  const began = performance.now();

  async function lane(): Promise<void> {
    while (going) {
      users += 1;
      const username = `${name} ${users}`;
      const url = urls[users % urls.length];
      const at = performance.now();
      const asking = post(`${url}/draw`, { username }, headersOf(username));
      const answer = await asking.catch(() => undefined);
      const body: Body = answer?.body ?? { success: false };
      journal.push({
        username,
        at: at - began,
        took: performance.now() - at,
        status: answer?.status ?? 0,
        what: told(body),
        id: body.data?.result?.id,
      });
    }
  }

  const lanes = Array.from({ length: width }, lane);
  return {
    journal,
    /** milliseconds since the load began */
    now: () => performance.now() - began,
    stop: async () => {
      going = false;
      await Promise.all(lanes);
      return journal;
    },
  };
}

/** What must hold whatever happened: rows for all announced wins, one a user, none beyond a quota. */
export async function audit({ sql }: World, journal: Entry[]) {
  const announced = journal.flatMap(({ id }) => (id ? [id] : []));
  const [counts] = await sql`
    select
      (select count(*)::int from unnest(${announced}::uuid[]) as a (id)
        where not exists (select from result r where r.id = a.id)) as announced_but_missing,
      (select count(*)::int from (
        select from result group by user_id, draw_date, campaign_id, draw_no having count(*) > 1) as x) as twice_a_day,
      (select count(*)::int from prize p where p.total_quota < (
        select count(*) from result r where r.prize_id = p.id and r.campaign_id = p.campaign_id)) as oversold_in_all,
      (select count(*)::int from (
        select from result r join prize p on p.id = r.prize_id and p.campaign_id = r.campaign_id
        group by p.campaign_id, p.id, r.draw_date having count(*) > p.daily_quota) as x) as oversold_on_a_day`;
  return { ...counts };
}

/** What `audit` says where all is well. */
export const CLEAN = {
  announced_but_missing: 0,
  twice_a_day: 0,
  oversold_in_all: 0,
  oversold_on_a_day: 0,
};
