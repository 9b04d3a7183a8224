import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import createSql from "postgres";
import t, { type Test } from "tap";
import { startPostgres } from "../../src/stores/embedded/postgres.js";
import { freeAddress } from "../../src/stores/embedded/redis.js";
import { createPostgres } from "../../src/stores/postgres.js";
import {
  type Authority,
  createAuthority,
  lend,
} from "../support/certificate-authority.js";
import { home } from "../support/temporary-folder.js";
import { until } from "../support/until.js";

// What each sslmode comes to at servers that want, bear, refuse or lack TLS, and what libpq makes of the same where psql is
// there to be asked.

const [good, other, elsewhere, byAddress] = [
  createAuthority(),
  createAuthority(),
  createAuthority("elsewhere.example"),
  createAuthority("127.0.0.1"),
];

const LINK = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

/** How a server takes links: [ssl, the word that begins its rule]. */
const SERVERS = {
  bears: ["on", "host"],
  wants: ["on", "hostssl"],
  refuses: ["on", "hostnossl"],
  lacks: ["off", "host"],
} as const;

type Server = keyof typeof SERVERS;

/** A Postgres that shows this or that certificate and takes this or that link. */
async function start(t: Test) {
  const data = join(await mkdtemp(join(home(), "modes-")), "postgres");
  const say = (line: string) => t.comment(line);
  const { url, stop } = await startPostgres(data, say, await freeAddress());
  const sql = createSql(url, { max: 1, ssl: "prefer" });
  t.teardown(async () => {
    await sql.end({ timeout: 1 });
    await stop();
  });
  let shown: Authority | undefined;
  const become = async (server: Server, authority = good) => {
    const [ssl, word] = SERVERS[server];
    if (shown !== authority) await lend(data, authority);
    shown = authority;
    const rule = `${word} all all 127.0.0.1/32 scram-sha-256\n`;
    await writeFile(join(data, "pg_hba.conf"), rule);
    await sql.unsafe(`alter system set ssl = ${ssl}`);
    const loaded = async () => {
      const [row] = await sql`select pg_conf_load_time()::text as at`;
      return row?.at;
    };
    const before = await loaded();
    await sql`select pg_reload_conf()`;
    await until("the new settings", async () => {
      const now = await sql`select current_setting('ssl') as ssl`;
      const same = now[0]?.ssl === ssl && (await loaded()) !== before;
      if (!same) throw new Error("not yet");
    });
  };
  const withQuery = (query: string, host = "localhost") => {
    const changed = new URL(url);
    changed.hostname = host;
    changed.search = query;
    return changed.href;
  };
  return { become, withQuery };
}

async function ours(url: string): Promise<string> {
  const postgres = createPostgres(url);
  try {
    const [row] = await postgres.query((sql) => sql.unsafe(LINK));
    return row?.ssl ? "tls" : "plain";
  } catch {
    return "refused";
  } finally {
    await postgres.close();
  }
}

/** Undefined where there is no psql. */
function libpqs(url: string): Promise<string | undefined> {
  const env = { PATH: process.env.PATH, HOME: home() };
  return new Promise((resolve) => {
    execFile("psql", ["-AtXc", LINK, url], { env }, (error, out) => {
      if (error?.code === "ENOENT") resolve(undefined);
      else if (error) resolve("refused");
      else resolve(out.trim() === "t" ? "tls" : "plain");
    });
  });
}

const root = (authority: Authority) => `sslrootcert=${authority.ca}`;

t.test("sslmode as libpq means it", async (t) => {
  const { become, withQuery } = await start(t);
  let compared = 0;
  async function check(what: string, url: string, expected: string) {
    const libpq = await libpqs(url);
    compared += libpq === undefined ? 0 : 1;
    t.equal(await ours(url), expected, what);
    t.equal(libpq ?? expected, expected, `libpq: ${what}`);
  }

  const COLUMNS: Server[] = ["bears", "wants", "refuses", "lacks"];
  const ROWS: Record<string, string> = {
    "sslmode=disable": "plain refused plain plain",
    "sslmode=allow": "plain tls plain plain",
    "sslmode=prefer": "tls tls plain plain",
    "sslmode=require": "tls tls refused refused",
    [`sslmode=require&${root(good)}`]: "tls tls refused refused",
    [`sslmode=verify-ca&${root(good)}`]: "tls tls refused refused",
    [`sslmode=verify-full&${root(good)}`]: "tls tls refused refused",
  };
  for (const [n, server] of COLUMNS.entries()) {
    await become(server);
    for (const [query, row] of Object.entries(ROWS)) {
      const what = `${query}, a server that ${server} TLS`;
      await check(what, withQuery(query), row.split(" ")[n] ?? "");
    }
  }

  await become("bears");
  for (const [mode, expected] of Object.entries({
    prefer: "plain",
    require: "refused",
    "verify-ca": "refused",
    "verify-full": "refused",
  })) {
    const query = `sslmode=${mode}&${root(other)}`;
    await check(`${mode}, another authority`, withQuery(query), expected);
  }
  const address = withQuery(`sslmode=verify-full&${root(good)}`, "127.0.0.1");
  await check("a certificate for localhost, an address", address, "refused");
  const system = withQuery("sslmode=verify-full&sslrootcert=system");
  t.equal(await ours(system), "refused", "nobody's authority");

  await become("bears", elsewhere);
  for (const [mode, expected] of Object.entries({
    require: "tls",
    "verify-ca": "tls",
    "verify-full": "refused",
  })) {
    const query = `sslmode=${mode}&${root(elsewhere)}`;
    await check(`${mode}, another host's`, withQuery(query), expected);
  }

  await become("bears", byAddress);
  const query = `sslmode=verify-full&${root(byAddress)}`;
  await check("an address", withQuery(query, "127.0.0.1"), "tls");
  await check("another name", withQuery(query), "refused");
  t.comment(`${compared} compared with libpq`);
});
