import type { Logger } from "pino";
import type { Format } from "../observe/log.js";
import { requireKey } from "../proof/require-key.js";
import type { Config } from "../settings/config.js";
import { migrateInTime } from "../stores/migrate-in-time.js";
import { createPostgres } from "../stores/postgres.js";
import { errorOf } from "./failure.js";
import type { Counted, FromWorker } from "./messages.js";
import { type Process, startWorker } from "./process.js";
import { type End, keepRunning } from "./seat.js";
import { createTally } from "./tally.js";

type Options = {
  databaseUrl: string;
  samplePrizes: boolean;
  log: Logger;
  /** takes the workers' lines */
  write(line: string): void;
  format: Format;
  /** aborted when the end begins */
  ending: AbortSignal;
};

/**
 * The first of several processes: it migrates, keeps `count` workers running, writes their lines, sums what they count and
 * stops them together. To whoever starts it, it is a server like one that is alone.
 */
export function createCrew(config: Config, count: number, options: Options) {
  const { databaseUrl, samplePrizes, log, write, format, ending } = options;
  const tally = createTally();
  const running = new Map<number, Process>(); // by the number of the worker
  let seats: Promise<void>[] = [];
  let isServing = false;
  let serves = (_address: string) => {};
  let fails = (_error: Error) => {};

  async function open(): Promise<void> {
    const isOver = () => ending.aborted;
    await migrateInTime(databaseUrl, samplePrizes, log, isOver);
    const postgres = createPostgres(databaseUrl, 1);
    try {
      await requireKey(postgres, config.PROOF_KEY, isOver);
    } finally {
      await postgres.close();
    }
  }

  /** Resolves with the address as soon as a worker listens. Rejects with what keeps the first one from it. */
  function listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      serves = resolve;
      fails = reject;
      ending.addEventListener("abort", () => reject(new Error("it is over")));
      if (ending.aborted) return reject(new Error("it is over"));
      seats = Array.from({ length: count }, (_, n) => keep(n + 1));
    });
  }

  async function keep(number: number): Promise<void> {
    const end = await keepRunning(
      () => run(number),
      ending,
      (details) => log.error({ worker: number, ...details }, "a worker ended"),
    );
    if (end?.listened && end.code !== 0) {
      throw new Error(`worker ${number} did not stop in order`);
    }
  }

  /** Starts a worker. Resolves when it has ended. */
  async function run(number: number): Promise<End> {
    let listened = false;
    const worker = startWorker(hear, write);
    const { send } = worker;
    running.set(number, worker);
    tally.add(send);

    function hear(message: FromWorker): void {
      if (message.kind === "ready") {
        if (ending.aborted) worker.kill();
        else send({ kind: "serve", number, of: count, config, format });
      } else if (message.kind === "listening") {
        isServing = listened = true;
        serves(message.address);
      } else if (message.kind === "failed") fail(errorOf(message.error));
      else if (message.kind === "counted") {
        tally.counted(message.id, message.counts);
      } else answer(message.id, message.what);
    }

    function answer(id: number, what: Counted): void {
      tally.sum(what).then(
        (sum) => send({ kind: "sum", id, sum }),
        (err: unknown) => log.error({ err }, "summing"),
      );
    }

    /** What keeps the first one from serving keeps all. What keeps a later one may pass. */
    function fail(err: Error): void {
      if (!isServing) fails(err);
      else log.error({ err, worker: number }, "a worker can't start");
    }

    const end = await worker.ended;
    running.delete(number);
    tally.remove(send);
    return { ...end, listened };
  }

  /** Has all workers say that they are not ready any more, and answer on. */
  function drain(): void {
    for (const worker of running.values()) worker.send({ kind: "drain" });
  }

  /** Has all workers stop, each in order. Rejects where one failed to. */
  async function close(): Promise<void> {
    for (const worker of running.values()) {
      worker.send({ kind: "stop" });
    }
    const ends = await Promise.allSettled(seats);
    const failure = ends.find((end) => end.status === "rejected");
    if (failure) throw failure.reason;
  }

  return { open, listen, drain, close };
}
