import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Owner } from "./owner.js";
import { until } from "./until.js";

export type NameServer = {
  /** host:port of 127.0.0.1, over UDP */
  address: string;
  /** The name has these addresses now. Resolves when somebody has asked for them since. */
  lead(addresses: string[]): Promise<void>;
};

/** A name server whose every name has the same IPv4 addresses, for a second. It ends with its owner. */
export async function startNameServer(
  t: Owner,
  first: string[],
): Promise<NameServer> {
  let addresses = first;
  let asked = 0;
  const socket = createSocket("udp4");
  socket.on("message", (question, from) => {
    const isV4 = question.readUInt16BE(endOfName(question)) === 1;
    const answers = isV4 ? addresses : [];
    if (isV4) asked += 1;
    socket.send(answerTo(question, answers), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  t.teardown(() => socket.close());
  return {
    address: `127.0.0.1:${socket.address().port}`,
    lead: async (others) => {
      addresses = others;
      const before = asked;
      await until("a question", async () => {
        if (asked === before) throw new Error("nobody asked");
      });
    },
  };
}

/** Where the type of the question begins: behind its name's parts, each with its length before it. */
function endOfName(question: Buffer): number {
  let at = 12;
  while (question[at]) at += (question[at] ?? 0) + 1;
  return at + 1;
}

function answerTo(question: Buffer, addresses: string[]): Buffer {
  const asked = question.subarray(0, endOfName(question) + 4);
  const head = Buffer.from(asked);
  head.writeUInt16BE(0x8180, 2); // an answer, without an error
  head.writeUInt16BE(addresses.length, 6);
  head.fill(0, 8, 12); // nothing else
  const records = addresses.map((address) =>
    Buffer.from([
      ...[0xc0, 12], // the name of the question
      ...[0, 1, 0, 1, 0, 0, 0, 1], // A, IN, for a second
      ...[0, 4, ...address.split(".").map(Number)],
    ]),
  );
  return Buffer.concat([head, ...records]);
}
