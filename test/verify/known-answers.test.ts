import t from "tap";
import {
  chainHashOf,
  roundBefore,
  timeOf,
  verifyRound,
} from "../../src/verify/beacon.js";
import { shardOf } from "../../src/verify/day/names.js";
import { Hmac, sha256Hex } from "../../src/verify/hash.js";
import { openCheckpoint } from "../../src/verify/notes/checkpoint.js";
import { parseKey } from "../../src/verify/notes/key.js";
import { chiSquareOf } from "../../src/verify/rules/odds.js";
import { createRolls, dayKeyOf } from "../../src/verify/rules/rolls.js";
import { inBase64, leafOf, rootByPath, Tree } from "../../src/verify/tree.js";
import { hmac, noteOf, pathOf, rootOf } from "../support/proof/notes.js";
import { rollOf } from "../support/proof/rules.js";
import { SIGNER } from "../support/proof/write.js";
import { chanceOf } from "../support/proof-day.js";

// The values of this file come of other programs, from the words of src/verify/README.md: hashes and HMACs of Python's hashlib
// and hmac, the signature of `openssl pkeyutl -sign -rawin`, with PROOF_KEY = 32 bytes of 0x11, campaign summer, 2026-12-01.

const PROOF_KEY = Buffer.from("11".repeat(32), "hex");
const SEED = "15e60cde609ce4e573de8ecab8c5709a263a87a45b3c06a7d4dc959c80acac5b";
const DAY = { campaign: "summer", day: "2026-12-01" };
/** SHA-256 of the signature of quicknet's round 1000 */
const RANDOMNESS =
  "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd";
const DAY_KEY =
  "f90195190ee028ce75d5f623cb74e5355cf768bf34383c05beb65d49da6347cd";

const inHex = (hash: string) => Buffer.from(hash, "latin1").toString("hex");
const ofHex = (hex: string) => Buffer.from(hex, "hex").toString("latin1");

t.test("seed, names, day key", async (t) => {
  const key = new Hmac(PROOF_KEY);
  t.equal(key.hexOf("lucky-draw/v1/seed\nsummer\n2026-12-01"), SEED);
  const names = key.hexOf("lucky-draw/v1/names\nsummer\n2026-12-01");
  t.equal(
    names,
    "08767a30255a4a65caa2dc02ea87d30c3292f675de27944c4e77483d8746f760",
  );
  t.equal(
    sha256Hex(Buffer.from(SEED, "hex")),
    "d693b1ded405b5617f95b3b47b0a01b40d518fa231292f1fce911a8eae5d7702",
  );
  t.equal(dayKeyOf(SEED, DAY, RANDOMNESS).toString("hex"), DAY_KEY);
  t.equal(
    dayKeyOf(SEED, DAY, "").toString("hex"),
    "7185b3b2afe89f39660fbb0f1e18f9240b2c1d46ab6e7dc4574e82818398e59c",
  );
  const p = new Hmac(Buffer.from(names, "hex")).hexOf("alice@example.com");
  t.equal(p.slice(0, 32), "21a7628846f4b71e80a9008e80c72480");
});

t.test("rolls, with words that are passed over", async (t) => {
  const rollTo = createRolls(Buffer.from(DAY_KEY, "hex"));
  const rolls = [
    ["21a7628846f4b71e80a9008e80c72480", 1, 122_866_774],
    ["21a7628846f4b71e80a9008e80c72480", 2, 366_430_821],
    ["339611474f580363af4d0fc12a46f779", 1, 378_171_276], // the second word
    ["3874ec51379ae5aa90ea44f27ec9e7cc", 1, 190_390_509], // the third
    ["2b6f6ef5130716875330b0f8f8e13c87", 1, 150_062_610], // the fifth
  ] as const;
  for (const [p, drawNo, roll] of rolls) t.equal(rollTo(p, drawNo).roll, roll);
});

t.test(
  "a second implementation of the roll agrees, for names of any length",
  async (t) => {
    const chance = chanceOf(7);
    const dayKey = hmac(PROOF_KEY, "another day");
    const rollTo = createRolls(dayKey);
    for (let n = 0; n < 2000; n += 1) {
      const p =
        "Aé漢_-"[n % 5]?.repeat(1 + Math.floor(chance() * 700)) + String(n);
      const drawNo = 1 + Math.floor(chance() * 3);
      if (rollTo(p, drawNo).roll === rollOf(dayKey, p, drawNo)) continue;
      t.fail(`${p} ${drawNo}`);
    }
    t.equal(rollTo("p", 1).roll, rollOf(dayKey, "p", 1));
  },
);

t.test("leaves, roots and paths", async (t) => {
  const line =
    "0\t1764518400000\tD\t21a7628846f4b71e80a9008e80c72480\t1\t123\t-\t";
  t.equal(
    inHex(leafOf(Buffer.from(line))),
    "1bb05fc960102bee03c226507d28885d00045c5e332800419fd44b4bfc9390a3",
  );
  const tree = new Tree();
  t.equal(
    inHex(tree.root()),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  const roots = [..."abcde"].map((letter) => {
    tree.add(leafOf(Buffer.from(letter)));
    return inHex(tree.root());
  });
  t.equal(
    roots[0],
    "022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c",
  );
  t.equal(
    roots[2],
    "36642e73c2540ab121e3a6bf9545b0a24982cd830eb13d3cd19de3ce6c021ec1",
  );
  t.equal(
    roots[4],
    "fe14a5426fbd70c0fa73f52342afed0da0bd23c4838662ccf6b88a3070ead97b",
  );
  const ofC = [
    "d070dc5b8da9aea7dc0f5ad4c29d89965200059c9a0ceca3abd5da2492dcb71d",
    "b137985ff484fb600db93107c77b0365c80d78f5b429ded0fd97361d077999eb",
    "2824a7ccda2caa720c85c9fba1e8b5b735eecfdb03878e4f8dfe6c3625030bc4",
  ];
  const ofE = [
    "33376a3bd63e9993708a84ddfe6c28ae58b83505dd1fed711bd924ec5a6239f0",
  ];
  for (const [letter, index, path] of [
    ["c", 2, ofC],
    ["e", 4, ofE],
  ] as const) {
    const leaf = leafOf(Buffer.from(letter));
    const root = rootByPath(leaf, { index, size: 5, path: path.map(ofHex) });
    t.equal(root && inHex(root), roots[4]);
  }
});

t.test(
  "a second implementation of the tree agrees, at every size and place",
  async (t) => {
    const lines = Array.from({ length: 70 }, (_, n) => `line ${n}`);
    const tree = new Tree();
    for (const [at, line] of lines.entries()) {
      tree.add(leafOf(Buffer.from(line)));
      const size = at + 1;
      const root = rootOf(lines.slice(0, size)).toString("base64");
      if (inBase64(tree.root()) !== root) t.fail(`root at ${size}`);
      for (let index = 0; index < size; index += 1) {
        const path = pathOf(lines.slice(0, size), index).map(ofHex);
        const leaf = leafOf(Buffer.from(lines[index] ?? ""));
        const found = rootByPath(leaf, { index, size, path });
        const elsewhere = rootByPath(leaf, {
          index: (index + 1) % size,
          size,
          path,
        });
        const longer = rootByPath(leaf, { index, size, path: [...path, leaf] });
        if (!found || inBase64(found) !== root)
          t.fail(`path of ${index} in ${size}`);
        if (size > 1 && elsewhere && inBase64(elsewhere) === root)
          t.fail(`${index} elsewhere in ${size}`);
        if (longer !== undefined)
          t.fail(`a longer path of ${index} in ${size}`);
      }
    }
    t.equal(tree.size, 70);
  },
);

t.test("keys, notes and checkpoints", async (t) => {
  const vkey =
    "lucky-draw+dfe6ccda+AeDlAf+HqvEIEKk0NnBjuIomNi/coBmruwOiGJu5Jd+B";
  const text =
    "lucky-draw/summer/2026-12-01/0\n5\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=\n";
  const signature =
    "3+bM2vwHDBP3ogReFFwuGoEQcfvDkHrEenrpS7JnFHJCQC7QopxYsrUSqs/isg0NaI/7FqPwS5wKf7eYZegRk7BQDw4=";
  const note = `${text}\n— lucky-draw ${signature}\n`;
  const key = parseKey(vkey);
  t.equal(key.id.toString("hex"), "dfe6ccda");
  t.same(openCheckpoint(note, [key], "summer/2026-12-01/0"), {
    size: 5,
    root: "/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=",
  });
  t.equal(SIGNER.vkey, vkey, "the tests' own signer has the same key");
  t.equal(noteOf(text, SIGNER), note, "and signs the same");
  t.throws(
    () => parseKey(vkey.replace("dfe6ccda", "dfe6ccdb")),
    /the id of the key/,
  );
});

t.test(
  "which shard a user belongs to: Python's (zlib.crc32(user) >> 16) % 4",
  async (t) => {
    t.same(
      ["alice@example.com", "bob", "王小明"].map((user) => shardOf(user, 4)),
      [1, 3, 1],
    );
  },
);

// drand's public chains, and rounds that they published.
const QUICKNET = {
  public_key:
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
  scheme: "bls-unchained-g1-rfc9380",
  period: 3,
  genesis_time: 1_692_803_367,
  group_hash:
    "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e",
  beacon_id: "quicknet",
};
const FASTNET = {
  public_key:
    "a0b862a7527fee3a731bcb59280ab6abd62d5c0b6ea03dc4ddf6612fdfc9d01f01c31542541771903475eb1ec6615f8d0df0b8b6dce385811d6dcf8cbefb8759e5e616a3dfd054c928940766d9a5b9db91e3b697e5d70a975181e007f87fca5e",
  scheme: "bls-unchained-on-g1",
  period: 3,
  genesis_time: 1_677_685_200,
  group_hash:
    "a81e9d63f614ccdb144b8ff79fbd4d5a2d22055c0bfe4ee9a8092003dab1c6c0",
  beacon_id: "fastnet",
};
const TESTNET = {
  public_key:
    "8200fc249deb0148eb918d6e213980c5d01acd7fc251900d9260136da3b54836ce125172399ddc69c4e3e11429b62c11",
  scheme: "pedersen-bls-unchained",
  period: 3,
  genesis_time: 1_651_677_099,
  group_hash:
    "65083634d852ae169e21b6ce5f0410be9ed4cc679b9970236f7875cff667e13d",
  beacon_id: "testnet-unchained-3s",
};

t.test("drand's chains by their hashes", async (t) => {
  t.equal(
    chainHashOf(QUICKNET),
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
  );
  t.equal(
    chainHashOf(FASTNET),
    "dbd506d6ef76e5f386f41c651dcb808c5bcbd75471cc4eafa3f4df7ad4e4c493",
  );
  t.equal(
    chainHashOf(TESTNET),
    "7672797f548f3f4748ac4bf3352fc6c6b6468c9ad40ad456a397545c6e2df5bf",
  );
});

t.test("drand's rounds by their signatures", async (t) => {
  const rounds = [
    [
      QUICKNET,
      1000,
      "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
    ],
    [
      FASTNET,
      1,
      "9544ddce2fdbe8688d6f5b4f98eed5d63eee3902e7e162050ac0f45905a55657714880adabe3c3096b92767d886567d0",
    ],
    [
      TESTNET,
      19_369_534,
      "a33833d2098f5e0c4df334fb6c5b1c2de3ab293c77825f55d816254dabf7f4f3d429b6207e1cd2a808876e06058a1f8102bb6f6927b654b391259ea99c3566a4eb55feb9665dbaf9d33af08a10b1d8d8b35d91fd3536eb4c197be0041beb5dc2",
    ],
  ] as const;
  for (const [chain, round, signature] of rounds) {
    t.ok(verifyRound(chain, round, signature), chain.scheme);
    t.notOk(verifyRound(chain, round + 1, signature), "another round");
    for (const scheme of [QUICKNET.scheme, FASTNET.scheme, TESTNET.scheme]) {
      const isOwn = scheme === chain.scheme;
      t.equal(
        verifyRound({ ...chain, scheme }, round, signature),
        isOwn,
        `${chain.scheme} by ${scheme}`,
      );
    }
  }
  t.notOk(
    verifyRound(
      { ...QUICKNET, scheme: "pedersen-bls-chained" },
      1000,
      rounds[0][2],
    ),
  );
  t.notOk(verifyRound(QUICKNET, 1000, "not hex"));
});

t.test("when rounds are", async (t) => {
  const chain = { genesis_time: 1000, period: 30 };
  t.equal(timeOf(chain, 1), 1_000_000);
  t.equal(timeOf(chain, 3), 1_060_000);
  t.equal(roundBefore(chain, 999_999), 0);
  t.equal(roundBefore(chain, 1_000_000), 1);
  t.equal(roundBefore(chain, 1_059_999), 2);
  t.equal(roundBefore(chain, 1_060_000), 3);
});

t.test(
  "chi-square: the table's 5 % points, and counts that were summed by hand",
  async (t) => {
    // (90 − 100)² / 100 + (110 − 100)² / 100 = 2, one degree of freedom: erfc(1) = 0.157299.
    const of = (odds: number[], seen: number[]) =>
      chiSquareOf(new Map([["", { odds, seen: Float64Array.from(seen) }]]));
    const two = of([0.5, 0.5], [90, 110]);
    t.equal(two.value, 2);
    t.equal(two.freedom, 1);
    t.ok(Math.abs(two.p - 0.157_299_207) < 1e-8);
    // 100 / 50 + 100 / 50 + 0 = 4 with two degrees: exp(−2).
    const far = of([0.25, 0.25, 0.5], [60, 40, 100]);
    t.equal(far.value, 4);
    t.ok(Math.abs(far.p - Math.exp(-2)) < 1e-9);
    // 5 % points: 3.841459 with one degree, 18.307038 with ten.
    const eleven = Array(11).fill(1 / 11);
    const step = Math.sqrt((18.307_038 * 100) / 2);
    const ten = of(eleven, [100 + step, 100 - step, ...Array(9).fill(100)]);
    t.ok(Math.abs(ten.p - 0.05) < 1e-6, String(ten.p));
  },
);
