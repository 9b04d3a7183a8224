import { ANSWER, OTHER } from "../outbox/letters.js";
import { parsePlace, parseWins, type Win } from "../outbox/win.js";
import type { Log } from "../proof/parts.js";
import { parseAsks } from "../shards/ask.js";
import type { Decided, Decision, Draw } from "./draw.js";

/** What draw.lua decided, draw by draw; its header says how it is written. */
export function readReply(
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

/** Each D line is of a draw: those named before the lines, in their order. Draws that repeat one of this batch share its decision. */
function addReceipts(decisions: Decision[], text: string, log: Log): void {
  const [of = "", ...lines] = text.split("\n");
  const receiptOf = log.receipts(lines);
  const last = Number.parseInt(lines.at(-1) ?? "", 10);
  log.seen = Math.max(log.seen, last + 1);
  const draws = of.split(",").values();
  for (const [n, line] of lines.entries()) {
    if (!/^\d+\t\d+\tD\t/.test(line)) continue;
    const at = Number(next(draws)) - 1;
    (decisions[at] as Decision).receipt = receiptOf(n);
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
