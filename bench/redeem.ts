import autocannon from "autocannon";
import type { Sql } from "postgres";
import { until } from "../test/support/until.js";
import { audit } from "./support/audit.js";
import { startContestants } from "./support/contestants.js";
import { type Load, load } from "./support/load.js";
import {
  type Answer,
  type Asking,
  atLeast,
  round,
} from "./support/question.js";
import { alternate, median, ratio } from "./support/rounds.js";
import { SAMPLE_PRIZES } from "./support/tables.js";
import { startWorld } from "./support/world.js";

// How many wins a second does one server redeem, in every form of the call, against the draws it decides?

const CONNECTIONS = 100;

const FORMS = ["POST", "GET, query string", "GET, body"] as const;
type Form = (typeof FORMS)[number];

/** What a load of redemptions met. */
type Redeemed = { rate: number; answers: number; failures: number };

export async function redeem({ quick, say }: Asking): Promise<Answer> {
  const world = await startWorld();
  try {
    const { server, urls } = await startContestants(world, SAMPLE_PRIZES, []);
    const seconds = quick ? 2 : 4;
    const rounds = quick ? 2 : 5;
    const wins = quick ? 300_000 : 1_200_000;
    await fillWins(world.sql, wins, say);
    const draws: Load[] = [];
    const redeemed: Redeemed[] = [];
    const ofForm = (form: Form) => async () => {
      const seen = await redeemMany(server.url, form, seconds);
      redeemed.push(seen);
      return seen.rate;
    };
    const contestants: Record<string, () => Promise<number>> = {
      draw: async () => {
        const seen = await load(urls.draw, CONNECTIONS, seconds);
        draws.push(seen);
        return seen.rate;
      },
      ...Object.fromEntries(FORMS.map((form) => [form, ofForm(form)])),
    };
    for (const run of Object.values(contestants)) await run(); // warm
    const seen = await alternate(contestants, rounds, say);
    const problems = [
      ...(await audit(world.sql, draws, WINS_OF_OLD)),
      ...(await auditRedemptions(world.sql, redeemed)),
    ];
    return report(seen, problems);
  } finally {
    await world.owner.end();
  }
}

const nameOf = (n: number) => `winner ${n}`;
const phoneOf = (n: number) => `+8529${String(n).padStart(7, "0")}`;
const idOf = (n: number) =>
  `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;

/** The prize of the wins to be redeemed, which nobody draws. */
const WINS_OF_OLD = "OF_OLD";

/** Wins of earlier days, 50,000 a day. */
async function fillWins(
  sql: Sql,
  count: number,
  say: (line: string) => void,
): Promise<void> {
  await sql`insert into prize (id, title, probability, active) values (${WINS_OF_OLD}, 'Of old', 0, false)`;
  const page = 300_000;
  for (let from = 0; from < count; from += page) {
    await sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'winner ' || n, ${WINS_OF_OLD},
        date '2000-01-01' + n / 50000, n + 1, n % 50000 + 1, now()
      from generate_series(${from}::int, ${from + page - 1}::int) as n`;
    say(`  ${from + page} of ${count} wins`);
  }
  await sql`vacuum analyze result`;
}

let next = 0;

/** Redeems wins one by one from all connections, each asking again as soon as it is answered. */
async function redeemMany(
  url: string,
  form: Form,
  seconds: number,
): Promise<Redeemed> {
  const result = await autocannon({
    url: `${url}/redeem`,
    method: form === "POST" ? "POST" : "GET",
    headers: { "content-type": "application/json" },
    connections: CONNECTIONS,
    duration: seconds,
    requests: [
      {
        setupRequest: (request) => {
          const n = next;
          next += 1;
          const fields = {
            id: idOf(n),
            username: nameOf(n),
            phone_no: phoneOf(n),
          };
          if (form === "GET, query string") {
            request.path = `/redeem?${new URLSearchParams(fields)}`;
          } else request.body = JSON.stringify(fields);
          return request;
        },
      },
    ],
  });
  return {
    rate: result["2xx"] / result.duration,
    answers: result["2xx"],
    failures: result.non2xx + result.errors,
  };
}

/** Every answered redemption stands, with its own number, and is counted once. */
async function auditRedemptions(
  sql: Sql,
  loads: Redeemed[],
): Promise<string[]> {
  const answered = loads.reduce((sum, { answers }) => sum + answers, 0);
  const read = async () => {
    const [row] = await sql<Record<string, number>[]>`
      select count(*)::int as rows, coalesce(sum((user_id <> 'winner ' || (unit - 1)
          or phone_no <> '+8529' || lpad((unit - 1)::text, 7, '0'))::int), 0)::int as wrong,
        (select coalesce(sum(count), 0)::int from redemption_count) as counted
      from result where redeemed_at is not null`;
    return { rows: 0, wrong: 0, counted: 0, ...row };
  };
  let { rows, wrong, counted } = await read();
  await until("an end of writing", async () => {
    const before = rows;
    await new Promise((resolve) => setTimeout(resolve, 100));
    ({ rows, wrong, counted } = await read());
    if (rows !== before) throw new Error("still writing");
  });
  const inFlight = loads.length * CONNECTIONS;
  const problems = {
    "redemptions with another's name or number": wrong,
    "answered redemptions that do not stand": Math.max(0, answered - rows),
    "redemptions that nobody asked for": Math.max(
      0,
      rows - answered - inFlight,
    ),
    "redemptions counted more or less than once": Math.abs(rows - counted),
    "requests that failed": loads.reduce((sum, it) => sum + it.failures, 0),
  };
  return Object.entries(problems)
    .filter(([, n]) => n > 0)
    .map(([what, n]) => `${what}: ${n}`);
}

function report(seen: Record<string, number[]>, problems: string[]): Answer {
  const draws = seen.draw ?? [];
  const rows = Object.entries(seen).map(([what, rates]) => {
    const { median: middle, least, most } = ratio(rates, draws);
    return {
      what: what === "draw" ? "POST /draw" : `/redeem, ${what}`,
      "requests/s": Math.round(median(rates)),
      "of the draws": `${round(middle)} × (${round(least)} to ${round(most)})`,
    };
  });
  return {
    tables: [{ title: `${CONNECTIONS} connections, sample prizes`, rows }],
    targets: FORMS.map((form) =>
      atLeast(
        `redemptions of the draws/s (${form})`,
        0.8,
        ratio(seen[form] ?? [], draws).median,
        " ×",
      ),
    ),
    problems,
  };
}
