import Type from "typebox";
import { Compile } from "typebox/compile";
import {
  type ChainInfo,
  chainHashOf,
  isScheme,
  verifyRound,
} from "../verify/beacon.js";

/** A public beacon: what its chain is, and its rounds. Both reject with an Error whose message is for the log. */
export type Beacon = {
  info(): Promise<ChainInfo>;
  /** The signature of a round in hex, verified. */
  signature(round: number): Promise<string>;
};

/** So long may an answer take. */
const ANSWER_MS = 5_000;

const hex = (pattern: string) => Type.String({ pattern });

const InfoAnswer = Compile(
  Type.Object({
    public_key: hex("^([0-9a-f]{2}){48,96}$"),
    period: Type.Integer({ minimum: 1, maximum: 86_400 }),
    genesis_time: Type.Integer({ minimum: 0 }),
    hash: hex("^[0-9a-f]{64}$"),
    groupHash: hex("^([0-9a-f]{2})+$"),
    schemeID: Type.String(),
    metadata: Type.Optional(
      Type.Object({ beaconID: Type.Optional(Type.String()) }),
    ),
  }),
);

const RoundAnswer = Compile(
  Type.Object({
    round: Type.Integer(),
    signature: hex("^([0-9a-f]{2}){48,96}$"),
  }),
);

/** Asks drand's HTTP API, `BEACON_URL`, for the chain with this hash. */
export function createBeacon(
  {
    url,
    chain,
    answerMs = ANSWER_MS,
  }: { url: string; chain: string; answerMs?: number },
  get: typeof fetch = fetch,
): Beacon {
  const base = `${url.replace(/\/+$/, "")}/${chain}`;
  let known: Promise<ChainInfo> | undefined;

  async function ask(path: string): Promise<unknown> {
    const failed = (why: string) =>
      new Error(`the beacon at ${base}${path} ${why}`);
    try {
      const response = await get(`${base}${path}`, {
        signal: AbortSignal.timeout(answerMs),
      });
      if (response.ok) return await response.json();
      // What is not read holds the connection.
      await response.body?.cancel();
      throw failed(`answers ${response.status}`);
    } catch (error) {
      const { name, message, cause } = error as Error;
      if (message.startsWith("the beacon at")) throw error;
      if (name === "TimeoutError")
        throw failed(`does not answer within ${answerMs} ms`);
      throw failed(
        `can't be asked: ${(cause as Error | undefined)?.message ?? message}`,
      );
    }
  }

  async function readInfo(): Promise<ChainInfo> {
    const answer = await ask("/info");
    if (!InfoAnswer.Check(answer)) {
      throw new Error(
        `the beacon at ${base}/info answers something that is no chain of drand`,
      );
    }
    const info = {
      chain_hash: chain,
      public_key: answer.public_key,
      scheme: answer.schemeID,
      genesis_time: answer.genesis_time,
      period: answer.period,
      group_hash: answer.groupHash,
      beacon_id: answer.metadata?.beaconID ?? "default",
    };
    const hash = chainHashOf(info);
    if (hash !== chain || answer.hash !== chain) {
      throw new Error(
        `the beacon at ${base} is the chain ${hash}, and not the one of BEACON_CHAIN`,
      );
    }
    if (!isScheme(info.scheme)) {
      throw new Error(
        `the beacon at ${base} signs by ${info.scheme}, and only chains whose rounds are signed alone can be used`,
      );
    }
    return info;
  }

  function info(): Promise<ChainInfo> {
    // A chain never changes; a failure is not kept.
    known ??= readInfo().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  }

  async function signature(round: number): Promise<string> {
    const chainInfo = await info();
    const answer = await ask(`/public/${round}`);
    if (!RoundAnswer.Check(answer)) {
      throw new Error(
        `the beacon at ${base}/public/${round} answers something that is no round`,
      );
    }
    if (answer.round !== round) {
      throw new Error(
        `the beacon at ${base} answers round ${answer.round}, and was asked for round ${round}`,
      );
    }
    if (!verifyRound(chainInfo, round, answer.signature)) {
      throw new Error(
        `the beacon at ${base} answers a signature of round ${round} that its chain's key did not make`,
      );
    }
    return answer.signature;
  }

  return { info, signature };
}
