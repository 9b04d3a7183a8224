import { nameAttempt } from "../src/random.js";
import { keys } from "../src/stores/keys.js";
import { type Answer, type Asking, atMost, round } from "./support/question.js";
import { type BenchWorld, startWorld } from "./support/world.js";

// How much of Redis does a participant take, from ten thousand to ten million a day?

const PARTICIPANTS = [10_000, 100_000, 1_000_000, 10_000_000];

/** Written at a time. */
const PAGE = 10_000;

const DATE = "2099-11-22";
const EXPIRES_AT = 4_100_000_000;

type Row = {
  participants: number;
  "bytes/loser": number;
  "bytes/winner": number;
  "MiB of losers": number;
  encoding: string;
};

export async function memory({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    // The size on disk is another question, and the writing goes faster.
    await world.redis.config("SET", "appendonly", "no");
    const rows: Row[] = [];
    for (const count of PARTICIPANTS.slice(0, quick ? 3 : 4)) {
      const losers = await fill(
        world,
        count,
        () => `l${nameAttempt(undefined)}`,
      );
      const bucket = keys.players(DATE, nameOf(1));
      const encoding = String(await world.redis.object("ENCODING", bucket));
      const winners = await fill(world, count, (n) => {
        // A settled win's record names its outbox entry, which it shares with a batch.
        return `w${nameAttempt(undefined)}${1_764_000_000_000 + (n >> 5)}-0`;
      });
      rows.push({
        participants: count,
        "bytes/loser": round(losers / count),
        "bytes/winner": round(winners / count),
        "MiB of losers": round(losers / 2 ** 20),
        encoding,
      });
      say(`  ${count} participants`);
    }
    const million = rows.find((row) => row.participants === 1_000_000);
    return {
      tables: [
        {
          title: "Redis's memory, names of 12 characters, a day's keys in all",
          rows,
        },
      ],
      targets: [
        atMost(
          "a million losers",
          40,
          million?.["bytes/loser"] ?? 0,
          " bytes each",
        ),
        atMost(
          "a million winners",
          60,
          million?.["bytes/winner"] ?? 0,
          " bytes each",
        ),
        {
          what: "no cliff on the way to the most participants",
          wanted: "listpacks, and fewer bytes each",
          got: rows.map((row) => row["bytes/loser"]).join(", "),
          met: rows.every(
            (row, n) =>
              row.encoding === "listpack" &&
              row["bytes/loser"] <= (rows[n - 1]?.["bytes/loser"] ?? 1_000),
          ),
        },
      ],
      charts: [{ file: "memory", option: chart(rows) }],
    };
  } finally {
    await world.owner.end();
  }
}

/** Writes the records of participants as draw.lua does. Returns the bytes that they take. */
async function fill(
  { redis }: BenchWorld,
  count: number,
  record: (n: number) => string,
): Promise<number> {
  await redis.flushall();
  const before = await used();
  for (let from = 0; from < count; from += PAGE) {
    const page = redis.pipeline();
    for (let n = from; n < from + PAGE; n += 1) {
      const name = nameOf(n);
      page.hset(keys.players(DATE, name), name, record(n));
    }
    await page.exec();
  }
  // Every bucket has an expiry; by now they all are there.
  const buckets = await redis.keys(
    keys.players(DATE, "").replace(/:[0-9a-f]+$/, ":*"),
  );
  const expiring = redis.pipeline();
  for (const bucket of buckets) expiring.expireat(bucket, EXPIRES_AT);
  await expiring.exec();
  return (await used()) - before;

  async function used(): Promise<number> {
    const info = await redis.info("memory");
    return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
  }
}

const nameOf = (n: number) => `user${String(n).padStart(8, "0")}`;

function chart(rows: Row[]) {
  return {
    title: { text: "Bytes of Redis for each participant of a day" },
    grid: { left: 60, right: 20, bottom: 50, top: 80 },
    legend: { top: 34, itemGap: 30 },
    xAxis: {
      type: "category",
      name: "participants a day",
      nameLocation: "middle",
      nameGap: 30,
      data: rows.map((row) => row.participants.toLocaleString("en")),
    },
    yAxis: { type: "value", name: "bytes" },
    series: (["bytes/loser", "bytes/winner"] as const).map((name) => ({
      name,
      type: "line",
      label: {
        show: true,
        position: name === "bytes/winner" ? "top" : "bottom",
      },
      data: rows.map((row) => row[name]),
    })),
  };
}
