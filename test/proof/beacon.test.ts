import t, { type Test } from "tap";
import { createBeacon } from "../../src/proof/beacon.js";
import { makeChain, type Scheme } from "../support/proof/chain.js";
import { startChain } from "../support/start-chain.js";

const GIVEN = { genesis_time: 1_700_000_000, period: 30 };
const now = () => (1_700_000_000 + 30 * 100) * 1000;

async function start(t: Test, scheme: Scheme = "bls-unchained-g1-rfc9380") {
  const chain = await startChain({ ...GIVEN, scheme }, { now });
  t.teardown(chain.stop);
  return { chain, beacon: createBeacon({ ...chain, answerMs: 300 }) };
}

for (const scheme of [
  "bls-unchained-g1-rfc9380",
  "bls-unchained-on-g1",
  "pedersen-bls-unchained",
] as const) {
  t.test(
    `a chain by ${scheme} is known by its hash, its rounds by their signatures`,
    async (t) => {
      const { chain, beacon } = await start(t, scheme);
      t.same(await beacon.info(), chain.info);
      t.equal(await beacon.signature(5), chain.sign(5));
      await beacon.signature(6);
      const infos = chain.asked.filter((path) => path.endsWith("/info"));
      t.equal(infos.length, 1, "a chain is asked once what it is");
    },
  );
}

t.test(
  "a signature of another round, another key or none is refused",
  async (t) => {
    const { chain, beacon } = await start(t);
    const other = makeChain({ ...GIVEN, secret: new Uint8Array(32).fill(9) });
    const flipped = chain
      .sign(5)
      .replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    for (const signature of [
      chain.sign(6),
      other.sign(5),
      flipped,
      "00".repeat(48),
    ]) {
      chain.mischief.round = { signature };
      await t.rejects(
        beacon.signature(5),
        /signature of round 5 that its chain's key did not make/,
      );
    }
    chain.mischief.round = { round: 6, signature: chain.sign(6) };
    await t.rejects(
      beacon.signature(5),
      /answers round 6, and was asked for round 5/,
    );
    chain.mischief.round = { signature: 5 };
    await t.rejects(beacon.signature(5), /something that is no round/);
  },
);

t.test(
  "a chain that is not the one that was asked for is refused, until it is",
  async (t) => {
    const { chain, beacon } = await start(t);
    const other = makeChain({ ...GIVEN, secret: new Uint8Array(32).fill(9) });
    for (const info of [
      { public_key: other.info.public_key },
      { period: 31 },
      { genesis_time: 1_700_000_001 },
      { hash: other.info.chain_hash },
      { metadata: { beaconID: "default" } },
      { public_key: other.info.public_key, hash: other.info.chain_hash },
    ]) {
      chain.mischief.info = info;
      await t.rejects(beacon.info(), /not the one of BEACON_CHAIN/);
    }
    chain.mischief.info = { schemeID: "pedersen-bls-chained" };
    await t.rejects(beacon.signature(5), /signs by pedersen-bls-chained/);
    chain.mischief.info = { period: "30" };
    await t.rejects(beacon.info(), /no chain of drand/);
    delete chain.mischief.info;
    t.equal(await beacon.signature(5), chain.sign(5));
  },
);

t.test(
  "silence, failures and rounds that are not there yet are told",
  async (t) => {
    const { chain, beacon } = await start(t);
    await t.rejects(beacon.signature(102), /public\/102 answers 404/);
    chain.mischief.status = 500;
    await t.rejects(beacon.signature(5), /answers 500/);
    chain.mischief.silent = true;
    await t.rejects(beacon.signature(5), /does not answer within 300 ms/);
    const away = createBeacon({
      url: "http://127.0.0.1:9/",
      chain: chain.chain,
    });
    await t.rejects(away.info(), /can't be asked/);
  },
);
