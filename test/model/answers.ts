import { attemptOf, nameAttempt } from "../../src/random.js";
import { type Body, told } from "../support/post.js";
import {
  decide,
  isLast,
  type Model,
  nameOf,
  type Outcome,
  resetsAt,
  type Try,
  tell,
} from "./model.js";
import { titleOf } from "./table.js";

export type Answer = { status: number; body: Body };

/** A try and what it was answered. */
export type Asked = Try & { answer: Answer };

/** The keys that the histories use. */
export const KEYS = ["k1", "k2"];

/**
 * Finds an order in which simultaneous tries may have been decided and their answers delivered, and carries it out on
 * the model. Throws where none explains the answers.
 */
export function explain(model: Model, asked: Asked[]): void {
  const after = search(model, asked, []);
  if (after) {
    Object.assign(model, after);
    return;
  }
  const [one] = asked;
  if (one && asked.length === 1) {
    const outcome = decide(model, one);
    throw new Error(objection(model, outcome, one.answer) ?? "");
  }
  const lines = asked.map(({ user, key, answer }) => {
    return `  ${user} ${key ?? "without key"}: ${show(answer)}`;
  });
  throw new Error(`no order explains the answers\n${lines.join("\n")}`);
}

/** Why an answer is not the one the outcome asks for. */
export function objection(
  model: Model,
  outcome: Outcome,
  answer: Answer,
): string | undefined {
  const wanted = describe(model, outcome);
  const { data } = answer.body;
  if (outcome.kind === "ended") {
    const isEnded =
      answer.status === 410 && answer.body.code === "CAMPAIGN_ENDED";
    return isEnded ? undefined : `wanted ${wanted}, got ${show(answer)}`;
  }
  const agrees = () => {
    const { draws_left } = (data ?? {}) as { draws_left?: number };
    const left = model.rules.draws_per_day > 1 ? outcome.left : undefined;
    if (draws_left !== left) return false;
    if (answer.status !== 200 || told(answer.body) !== outcome.kind) {
      return false;
    }
    if (outcome.kind !== "won") {
      const isOver = isLast(model, outcome.day);
      return data?.resets_at === (isOver ? null : resetsAt(outcome.day));
    }
    const win = model.wins[outcome.win];
    const result = data?.result;
    return (
      win !== undefined &&
      result !== undefined &&
      result.prize_id === win.prize &&
      result.user_id === nameOf(model, win.user) &&
      result.created_at === new Date(win.at).toISOString() &&
      data?.message.includes(titleOf(win.prize)) &&
      isOf(result.id, win.key) &&
      (win.id === null || win.id === result.id)
    );
  };
  return agrees() ? undefined : `wanted ${wanted}, got ${show(answer)}`;
}

/** Keeps the id that a first answer names: every later one has to name the same. */
function learn(model: Model, outcome: Outcome, answer: Answer): void {
  const win = outcome.kind === "won" && model.wins[outcome.win];
  if (win) win.id ??= answer.body.data?.result?.id ?? null;
}

function search(
  model: Model,
  left: Asked[],
  delivering: Outcome[],
): Model | undefined {
  if (left.length === 0) {
    for (const outcome of delivering) tell(model, outcome);
    return model;
  }
  for (const [n, asked] of left.entries()) {
    const next = structuredClone(model);
    const outcome = decide(next, asked);
    if (objection(next, outcome, asked.answer)) continue;
    learn(next, outcome, asked.answer);
    const others = left.filter((_, m) => m !== n);
    const found = search(next, others, [...delivering, outcome]);
    if (found) return found;
  }
  for (const [n, outcome] of delivering.entries()) {
    const untold = outcome.kind === "won" && !model.wins[outcome.win]?.told;
    if (!untold) continue;
    const next = structuredClone(model);
    tell(next, outcome);
    const others = delivering.filter((_, m) => m !== n);
    const found = search(next, left, others);
    if (found) return found;
  }
  return undefined;
}

/** A result's id names the attempt that won it: the key's, or one that is no key's. */
function isOf(id: string, key: string | null): boolean {
  const attempt = attemptOf(id);
  const ofKey = KEYS.find((name) => nameAttempt(name) === attempt);
  return (ofKey ?? null) === key;
}

function describe(model: Model, outcome: Outcome): string {
  if (outcome.kind === "ended") return "the end";
  if (outcome.kind !== "won") {
    return `${outcome.kind} until ${resetsAt(outcome.day)}`;
  }
  return `won ${JSON.stringify(model.wins[outcome.win])}`;
}

function show({ status, body }: Answer): string {
  return `${status} ${JSON.stringify(body.data ?? body)}`;
}
