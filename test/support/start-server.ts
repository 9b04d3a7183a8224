import { pino } from "pino";
import type { Test } from "tap";
import { loggable } from "../../src/errors.js";
import {
  createServer,
  type Server,
  type ServerOptions,
} from "../../src/server.js";
import type { Settings } from "../../src/services.js";
import { watchAnswers } from "./check-answers.js";
import type { World } from "./world.js";

type Options = Partial<ServerOptions> & {
  timeZone?: string;
  /** optional parts that are on */
  settings?: Partial<Settings>;
  /** where log lines go; default: nowhere */
  logged?: (line: string) => void;
  /** what is done to the app before it is ready */
  prepare?: (app: Server["app"]) => void;
  /** told of an answer that is not as described; default: the test fails */
  misfit?: (problem: string) => void;
};

/** A row of the prize table, with what a test cares for. */
export type PrizeRow = {
  id: string;
  probability?: number | string;
  daily_quota?: number | null;
  total_quota?: number | null;
  active?: boolean;
};

/**
 * A server of the real kind in this process, without its scheduler: the test calls `scheduler.tick` itself. Every JSON
 * answer that is not as the server's OpenAPI document says fails the test.
 */
export async function build(t: Test, world: World, options: Options = {}) {
  const {
    timeZone = "UTC",
    settings = {},
    logged,
    prepare,
    ...others
  } = options;
  const { misfit = (problem) => t.fail(problem), ...rest } = others;
  const logging = { level: "trace", serializers: { err: loggable } };
  const log = logged
    ? pino(logging, { write: logged })
    : pino({ level: "silent" });
  const { databaseUrl, redisUrl } = world;
  const server = createServer(
    { TIME_ZONE: timeZone, DEFAULT_COUNTRY: "HK", ...settings },
    { databaseUrl, redisUrl, log, ...rest },
  );
  prepare?.(server.app);
  const watch = watchAnswers(server.app, misfit);
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await server.close();
  };
  t.teardown(close);
  await server.open();
  await watch();

  const url = await server.app.listen({ host: "127.0.0.1", port: 0 });

  /** One POST /draw. */
  const draw = (username: unknown, key?: string) =>
    post(
      `${url}/draw`,
      { username },
      key === undefined ? {} : { "idempotency-key": key },
    );

  return { ...server, url, close, draw };
}

/** A POST of JSON over HTTP. Rejects where no answer comes. */
export async function post(url: string, payload: unknown, headers = {}) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(payload),
  });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Body,
  };
}

/** Replaces all prizes and has every server given reload them. */
export async function setPrizes(
  { sql }: World,
  rows: PrizeRow[],
  ...servers: { prizes: { reload(): Promise<void> } }[]
): Promise<void> {
  const full = rows.map(({ id, ...row }) => ({
    id,
    title: `a ${id}`,
    probability: 1,
    daily_quota: null,
    total_quota: null,
    active: true,
    ...row,
  }));
  await sql`
    with gone as (delete from prize)
    insert into prize ${sql(full)}`;
  for (const server of servers) await server.prizes.reload();
}

/** A clock that a test sets: this machine's and Redis's in one, or apart by `ahead` milliseconds. */
export function fakeTime(start: string) {
  let now = Date.parse(start);
  return {
    set: (moment: string) => {
      now = Date.parse(moment);
    },
    /** options of `build` for a server whose own clock is wrong */
    options: (ahead = 0) => ({
      localTime: () => now + ahead,
      sharedTime: async () => now,
    }),
  };
}

/** An answer, of whatever kind. */
export type Body = {
  success: boolean;
  data?: {
    message: string;
    resets_at?: string;
    result?: {
      id: string;
      user_id: string;
      prize_id: string;
      created_at: string;
      phone_no?: string | null;
      redeemed_at?: string;
    };
  };
  message?: { message: string; resets_at: string };
  error?: string;
  code?: string;
};

/** What an answer of POST /draw says. */
export function told(
  body: Body,
): "won" | "no_prize" | "participated" | "failed" {
  const message = body.data?.message ?? "";
  if (message.startsWith("Congratulations")) return "won";
  if (message.startsWith("Unlucky")) return "no_prize";
  if (message.startsWith("You have already")) return "participated";
  return "failed";
}

/** Runs `work` on every item, `width` at a time. */
export async function inParallel<Item>(
  items: Item[],
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
