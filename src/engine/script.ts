import type { Day } from "../clock.js";
import { unavailable } from "../errors.js";
import { ANSWER, OTHER, TICKET } from "../outbox/letters.js";
import {
  formatTicket,
  parsePlace,
  parseWins,
  placeOf,
  type Win,
} from "../outbox/win.js";
import type { Epoch } from "../prizes/epoch.js";
import type { Receipt } from "../proof/notes/receipts.js";
import type { Log } from "../proof/parts.js";
import { type Ask, parseAsks } from "../shards/ask.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";

/** One attempt of a user on one day. */
export type Draw = {
  user_id: string;
  draw_date: string;
  attempt: string;
  /** named by an Idempotency-Key, so that it may come again after midnight */
  keyed: boolean;
  roll: number;
  /** where its day has a log: who draws, as that names them, and the number of the draw that the roll is for */
  p?: string;
  draw_no?: number;
  id: string;
  /** the place of a win that Postgres refused and that is to be decided again, or empty */
  refused: string;
  /** of such a draw, where wins are limited: those of the user that Postgres has */
  known_wins?: number;
  /** since when it waits for its shard to get numbers, in milliseconds by the time that waits go by */
  starved_since?: number;
};

/** What draw.lua decided about a draw; closed, starved and renumbered: nothing, and the draw is not used up. */
export type Decision = (
  | { outcome: "no_prize"; draw_date: string }
  | { outcome: "participated" }
  | { outcome: "recorded"; draw_date: string; draw_no: number }
  | { outcome: "won"; win: Win }
  | { outcome: "closed"; why: "not_started" | "ended" | "inactive" }
  | { outcome: "starved"; asks: Ask[] }
  | { outcome: "renumbered"; draw_no: number }
) & {
  /** of a draw that was decided now, where its day has a log */
  receipt?: Receipt;
  /** of the user's draws of that day, where there are several */
  draws_left?: number;
};

/** What a server knows of the day's data: draw.lua compares it to tell whether something was lost. */
export type Mark = {
  epoch: Epoch;
  /** the name of the server process */
  server: string;
  /** batches it wrote in this epoch */
  batches: number;
};

/** Decisions, and the batches that this server has written in this epoch. */
export type Decided = {
  decisions: Decision[];
  batches: number;
  /** numbers that run low */
  low: Ask[];
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

/** What draw.lua decided, draw by draw; its header says how it is written. */
function readReply(
  reply: unknown,
  draws: Draw[],
  log: Log | undefined,
): Decided {
  const [
    entry = "",
    text = "",
    letters = "",
    batches,
    left,
    wanted,
    lines,
    ...others
  ] = reply as string[];
  const asks = wanted ? parseAsks(wanted) : [];
  const urgent = asks.filter((ask) => ask.urgent);
  const wins = (text ? parseWins(entry, text) : []).values();
  const other = others.values();
  const decisions: Decision[] = [];
  const entries = new Map<string, Win[]>();
  for (const [i, draw] of draws.entries()) {
    switch (letters[i]) {
      case ANSWER.NO_PRIZE:
        decisions.push({ outcome: "no_prize", draw_date: draw.draw_date });
        break;
      case ANSWER.PARTICIPATED:
        decisions.push({ outcome: "participated" });
        break;
      case ANSWER.NEW_WIN:
        decisions.push({ outcome: "won", win: next(wins) });
        break;
      case ANSWER.NOT_STARTED:
        decisions.push({ outcome: "closed", why: "not_started" });
        break;
      case ANSWER.ENDED:
        decisions.push({ outcome: "closed", why: "ended" });
        break;
      case ANSWER.INACTIVE:
        decisions.push({ outcome: "closed", why: "inactive" });
        break;
      case ANSWER.STARVED:
        decisions.push({ outcome: "starved", asks: urgent });
        break;
      default:
        decisions.push(readOther(next(other), draw, decisions, entries));
    }
  }
  if (log && lines) addReceipts(decisions, lines, log);
  return {
    decisions: withLeft(decisions, left),
    batches: Number(batches),
    low: asks.filter((ask) => !ask.urgent),
  };
}

/** Each D line is of a draw: those named before the lines, in their order. */
function addReceipts(decisions: Decision[], text: string, log: Log): void {
  const [of = "", ...lines] = text.split("\n");
  const receiptOf = log.receipts(lines);
  const last = Number.parseInt(lines.at(-1) ?? "", 10);
  log.seen = Math.max(log.seen, last + 1);
  const draws = of.split(",").values();
  for (const [n, line] of lines.entries()) {
    if (!/^\d+\t\d+\tD\t/.test(line)) continue;
    const at = Number(next(draws)) - 1;
    const decision = decisions[at] as Decision;
    decisions[at] = { ...decision, receipt: receiptOf(n) };
  }
}

function withLeft(decisions: Decision[], left = ""): Decision[] {
  if (left === "") return decisions;
  const counts = left.split(",");
  return decisions.map((it, i) => ({ ...it, draws_left: Number(counts[i]) }));
}

function readOther(
  text: string,
  draw: Draw,
  before: Decision[],
  entries: Map<string, Win[]>,
): Decision {
  const rest = text.slice(1);
  switch (text[0]) {
    case OTHER.LOST_ON:
      return { outcome: "no_prize", draw_date: rest };
    case OTHER.HAS_ROW:
      return recorded(rest);
    case OTHER.OF_NUMBER:
      return { outcome: "renumbered", draw_no: Number(rest) };
    case OTHER.SAME_AS:
      return before[Number(rest) - 1] as Decision;
    case OTHER.IN_OUTBOX: {
      const [place = "", ...wins] = rest.split("\n");
      const { where: entry, draw_no } = parsePlace(place);
      if (wins.length > 0) {
        entries.set(entry, parseWins(entry, wins.join("\n")));
      }
      const known = entries.get(entry) ?? [];
      const win = known.find(
        (it) => it.user_id === draw.user_id && it.draw_no === draw_no,
      );
      if (win) return { outcome: "won", win };
    }
  }
  throw new Error(`draw.lua answered ${text[0]}`);
}

function recorded(place: string): Decision {
  const { where: draw_date, draw_no } = parsePlace(place);
  return { outcome: "recorded", draw_date, draw_no };
}

function next<T>(items: Iterator<T>): T {
  const { value, done } = items.next();
  if (done) throw new Error("draw.lua answered too little");
  return value;
}
