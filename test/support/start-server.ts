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
import { post } from "./post.js";
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

/**
 * A server of the real kind in this process, without its scheduler: the test calls `scheduler.tick` itself. Every JSON
 * answer that is not as the server's OpenAPI document says fails the test.
 */
export async function startServer(
  t: Test,
  world: World,
  options: Options = {},
) {
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
