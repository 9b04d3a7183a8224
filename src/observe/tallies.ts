import type { FastifyReply, FastifyRequest } from "fastify";
import { Counter, type Registry } from "prom-client";
import type { Outcome } from "../engine/engine.js";
import { STATUS } from "../errors.js";

/** Statuses that any route may answer. */
const BORN = ["200", "400", "500", "503"];

/** What a request may be refused for. */
const REASONS = [
  ...Object.keys(STATUS).map((code) => code.toLowerCase()),
  "overload",
];

type Labels = Record<string, string>;

const NONE_DRAWN = { won: 0, no_prize: 0, participated: 0, failed: 0 };

type Drawn = Record<Outcome["outcome"] | "failed", number>;

type Answers = { labels: Labels; count: number; seconds: number };

/**
 * What is counted for every request, in plain numbers that a scrape copies: prom-client looks labels up anew for each
 * count.
 */
export function createTallies(registry: Registry) {
  const draws = new Map<string, Drawn>();
  const drawsOf = (campaign: string) => {
    const counts = draws.get(campaign) ?? { ...NONE_DRAWN };
    draws.set(campaign, counts);
    return counts;
  };
  drawsOf("default");
  const refusals = new Map<string, number>(
    REASONS.map((reason) => [reason, 0]),
  );
  const answers = new Map<string, Answers>();

  expose(
    "draws_total",
    "Draws by outcome; failed ones had none that could be told",
    ["campaign", "outcome"],
    () =>
      [...draws].flatMap(([campaign, counts]) =>
        Object.entries(counts).map(([outcome, n]): [Labels, number] => [
          { campaign, outcome },
          n,
        ]),
      ),
  );
  expose(
    "refusals_total",
    "Requests refused, by the code of the answer in lower case; overload is UNAVAILABLE because too much was under way",
    ["reason"],
    () => [...refusals].map(([reason, n]) => [{ reason }, n]),
  );
  const request = ["method", "route", "status"];
  expose("http_requests_total", "Requests answered", request, () =>
    [...answers.values()].map(({ labels, count }) => [labels, count]),
  );
  expose(
    "http_request_seconds_total",
    "Time that they took together, from their headers to their answers",
    request,
    () => [...answers.values()].map(({ labels, seconds }) => [labels, seconds]),
  );

  function expose(
    name: string,
    help: string,
    labelNames: string[],
    read: () => [Labels, number][],
  ): void {
    new Counter({
      name: `lucky_draw_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const [labels, n] of read()) this.inc(labels, n);
      },
    });
  }

  function drawn(campaign: string, outcome: keyof Drawn): void {
    drawsOf(campaign)[outcome] += 1;
  }

  /** Counts an answer; `isFull`: whether too much is under way. */
  function answered(
    { method, routeOptions: { url = "none" } }: FastifyRequest,
    { statusCode, failure }: FastifyReply,
    milliseconds: number,
    isFull: () => boolean,
  ): void {
    const key = `${statusCode}${method}${url}`;
    let sum = answers.get(key);
    if (!sum) {
      const labels = { method, route: url, status: String(statusCode) };
      sum = { labels, count: 0, seconds: 0 };
      answers.set(key, sum);
    }
    sum.count += 1;
    sum.seconds += milliseconds / 1_000;
    if (failure === undefined) return;
    const isOverload = failure === "UNAVAILABLE" && isFull();
    const reason = isOverload ? "overload" : failure.toLowerCase();
    refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
  }

  /** A series that begins with its first count hides it from rate() and increase(). */
  function born(method: string, url: string): void {
    for (const status of BORN) {
      const labels = { method, route: url, status };
      answers.set(`${status}${method}${url}`, { labels, count: 0, seconds: 0 });
    }
  }

  return { drawn, answered, born };
}
