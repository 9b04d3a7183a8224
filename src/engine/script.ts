import type { Day } from "../clock.js";
import { unavailable } from "../errors.js";
import { TICKET } from "../outbox/letters.js";
import { formatTicket, placeOf } from "../outbox/win.js";
import type { Epoch } from "../prizes/epoch.js";
import type { Log } from "../proof/parts.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import type { Decided, Draw } from "./draw.js";
import { readReply } from "./reply.js";

/** What a server knows of the day's data: draw.lua compares it to tell whether something was lost. */
export type Mark = {
  epoch: Epoch;
  /** the name of the server process */
  server: string;
  /** batches it wrote in this epoch */
  batches: number;
};

/**
 * Why nothing was decided. not_loaded: no prize table is there; not_whole: the data are of another epoch; lost: they are
 * older than what this server wrote; behind: too much of the day's log waits for Postgres.
 */
export type Undecided = "not_loaded" | "not_whole" | "lost" | "behind";

/**
 * One EVALSHA of lua/draw.lua, for draws of one day, on the keys named. `now` is in milliseconds. Rejects with
 * UNAVAILABLE.
 */
export async function evaluate(
  redis: Redis,
  keys: Keys,
  at: {
    day: Day;
    mark: Mark;
    now: number;
    /** whether the server takes wins for limited, as lua/draw.lua has it */
    limited: boolean;
    /** of the day, where it has one: then each draw has its p and its roll by it */
    log?: Log | undefined;
  },
  draws: Draw[],
): Promise<Decided | Undecided> {
  const { day, mark, now, limited, log } = at;
  const { date, before, expiresAt } = day;
  const names = [
    keys.prizes,
    keys.taken,
    keys.takenToday(date),
    keys.outbox,
    keys.pending,
    keys.moments,
  ];
  const values: (string | number)[] = [
    date,
    before,
    Math.floor(now),
    expiresAt,
    mark.epoch,
    mark.server,
    mark.batches,
    limited ? 1 : 0,
    log ? log.seen + 1 : 0,
  ];
  const earlier: string[] = [];
  for (const draw of draws) {
    names.push(keys.players(date, draw.user_id));
    values.push(ticketOf(draw));
    if (kindOf(draw) === TICKET.KEYED) {
      earlier.push(keys.players(before, draw.user_id));
    }
  }
  if (limited) {
    for (const { user_id } of draws) names.push(keys.winsEver(user_id));
  }
  names.push(...earlier);
  if (log) {
    names.push(keys.log(date));
    for (const { p = "", draw_no = 1 } of draws) {
      values.push(placeOf(p, draw_no));
    }
  }
  try {
    const reply = await redis.draw(names.length, ...names, ...values);
    return typeof reply === "string"
      ? (reply as Undecided)
      : readReply(reply, draws, log);
  } catch (error) {
    throw unavailable(error);
  }
}

const kindOf = ({ keyed, refused }: Draw) =>
  refused ? TICKET.REFUSED : keyed ? TICKET.KEYED : TICKET.PLAIN;

function ticketOf(draw: Draw): string {
  const { attempt, roll, id, user_id, refused, known_wins = "" } = draw;
  const whose = refused ? `${user_id}\t${refused}\t${known_wins}` : user_id;
  return formatTicket({
    kind: kindOf(draw),
    attempt,
    roll,
    id,
    user_id: whose,
  });
}
