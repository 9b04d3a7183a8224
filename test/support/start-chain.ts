import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeChain } from "./proof/chain.js";

/** What a chain's server does wrong: nothing, unless a test says so. */
export type Mischief = {
  /** answers nothing at all */
  silent?: boolean;
  status?: number;
  /** in place of the answers' fields */
  info?: Record<string, unknown>;
  round?: Record<string, unknown>;
};

/** A server like drand's, with a chain of its own and a real key. Rounds that are not there yet are 404, as drand says it. */
export async function startChain(
  given: Parameters<typeof makeChain>[0],
  { now = Date.now }: { now?: () => number } = {},
) {
  const { info, sign } = makeChain(given);
  const mischief: Mischief = {};
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (mischief.silent) return;
    const answer = mischief.status ? undefined : answerTo(path);
    response.writeHead(answer ? 200 : (mischief.status ?? 404), {
      "content-type": "application/json",
    });
    response.end(JSON.stringify(answer ?? { error: "not found" }));
  });

  function answerTo(path: string): Record<string, unknown> | undefined {
    const [, chain, kind, number] = path.split("/");
    if (chain !== info.chain_hash) return undefined;
    if (kind === "info") {
      return {
        public_key: info.public_key,
        period: info.period,
        genesis_time: info.genesis_time,
        hash: info.chain_hash,
        groupHash: info.group_hash,
        schemeID: info.scheme,
        metadata: { beaconID: info.beacon_id },
        ...mischief.info,
      };
    }
    const round = Number(number);
    const due = (info.genesis_time + (round - 1) * info.period) * 1000;
    if (kind !== "public" || !(round >= 1) || due > now()) return undefined;
    return { round, signature: sign(round), ...mischief.round };
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    chain: info.chain_hash,
    info,
    sign,
    mischief,
    asked,
    async stop(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
