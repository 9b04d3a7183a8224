import fc from "fast-check";
import { mustBeOurs, readAnswers } from "./answers.js";
import { SECONDS, seedOf } from "./fuzz.js";
import { type Caller, collect, inTime } from "./wire.js";

/** Five seconds to send, one until the server looks, and time for a busy machine. */
const CUT_OFF = 8_000;

/** At once. */
const WAVE = 150;

const json = "host: x\r\ncontent-type: application/json\r\n";

const slowSender = fc.record({
  start: fc.constantFrom(
    ...["", "G", "POST /draw HTT", "GET /prizes HTTP/1.1\r\nhost: x\r\n"],
    "GET /prizes HTTP/1.1\r\nhost: x\r\na: ",
    `POST /draw HTTP/1.1\r\n${json}content-length: 4000\r\n\r\n`,
    `POST /draw HTTP/1.1\r\n${json}content-length: 4000\r\n\r\n{"username":"`,
    `POST /nowhere HTTP/1.1\r\n${json}content-length: 4000\r\n\r\n`,
    `GET /redeem HTTP/1.1\r\n${json}content-length: 4000\r\n\r\n`,
    `GET /healthz HTTP/1.1\r\n${json}content-length: 4000\r\n\r\n`,
    `POST /draw HTTP/1.1\r\n${json}content-length: 1000000\r\n\r\n`,
    "POST /draw HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 4000\r\n\r\n",
    "OPTIONS /draw HTTP/1.1\r\nhost: x\r\ncontent-length: 4000\r\n\r\n",
    `POST /draw HTTP/1.1\r\n${json}expect: 100-continue\r\ncontent-length: 4000\r\n\r\n`,
    `POST /draw HTTP/1.1\r\n${json}transfer-encoding: chunked\r\n\r\n1`,
  ),
  drip: fc.constantFrom("", "0", "xx"),
  every: fc.integer({ min: 30, max: 900 }),
});

/**
 * Senders that never come to an end, in waves as long as the run lasts. Returns their number and the longest life
 * of one, in milliseconds. Rejects where one outlives the limit, or is cut off without a word of ours.
 */
export async function slowSenders({ dial }: Caller) {
  const end = performance.now() + SECONDS * 1_000 - CUT_OFF;
  const lives: number[] = [];
  let wave = 0;
  do {
    const senders = fc.sample(slowSender, {
      seed: seedOf(wave),
      numRuns: WAVE,
    });
    lives.push(...(await Promise.all(senders.map(live))));
    wave += 1;
  } while (performance.now() < end);
  return { count: lives.length, longest: Math.max(...lives) };

  async function live(sender: { start: string; drip: string; every: number }) {
    const { start, drip, every } = sender;
    const began = performance.now();
    const socket = dial();
    const { bytes, closed } = collect(socket);
    socket.write(start);
    const timer = setInterval(() => socket.write(drip), every);
    const late = () =>
      new Error(`still open: ${JSON.stringify(sender)} ${bytes()}`);
    try {
      await inTime(closed, CUT_OFF, late);
    } finally {
      clearInterval(timer);
      socket.destroy();
    }
    const { answers, rest } = readAnswers(bytes(), []);
    if (rest || answers.length !== 1) {
      const what = `${answers.length} answers`;
      throw new Error(`${what}: ${JSON.stringify(sender)} ${bytes()}`);
    }
    for (const answer of answers) {
      mustBeOurs(answer);
      if (answer.status === 200) throw new Error(`200: ${bytes()}`);
    }
    return Math.round(performance.now() - began);
  }
}

/** Callers who got the last answer and neither close nor fall silent. Rejects if one of them is left alone. */
export async function stayers({ dial }: Caller) {
  const callers = Array.from({ length: 20 }, async () => {
    const socket = dial(true);
    const { bytes, closed } = collect(socket);
    socket.write("NONSENSE\r\n\r\n");
    const timer = setInterval(() => socket.write("x"), 100);
    const late = () => new Error(`still open after: ${bytes()}`);
    await inTime(closed, CUT_OFF, late).finally(() => clearInterval(timer));
  });
  await Promise.all(callers);
}

/** Callers that go on sending requests and never read an answer, until the returned function is called. */
export function neverReading({ dial }: Caller, count: number) {
  const request = "GET /prizes HTTP/1.1\r\nhost: x\r\n\r\n";
  const sockets = Array.from({ length: count }, () => dial().pause());
  const timer = setInterval(() => {
    for (const socket of sockets) socket.write(request.repeat(10));
  }, 200);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
}
