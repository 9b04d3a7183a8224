import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import createSql from "postgres";
import t, { type Test } from "tap";
import { startPostgres } from "../../src/stores/embedded/postgres.js";
import {
  freeAddress,
  freePort,
  startRedis,
} from "../../src/stores/embedded/redis.js";
import {
  type Authority,
  createAuthority,
  lend,
} from "../support/certificate-authority.js";
import { post, told } from "../support/post.js";
import { runCommand } from "../support/run-command.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { home } from "../support/temporary-folder.js";
import { until } from "../support/until.js";

// Stores that take TLS and nothing else.

const good = createAuthority();
const other = createAuthority();
const elsewhere = createAuthority("elsewhere.example");

async function startSecure(t: Test) {
  const folder = await mkdtemp(join(home(), "tls-"));
  const say = (line: string) => t.comment(line);
  const [redis, postgres] = await Promise.all([
    startRedis(join(folder, "redis"), say, await freeAddress()),
    startPostgres(join(folder, "postgres"), say, await freeAddress()),
  ]);
  t.teardown(() => Promise.all([redis.stop(), postgres.stop()]));

  const data = join(folder, "postgres");
  const sql = createSql(postgres.url, { max: 1, ssl: "prefer" });
  await lend(data, good);
  await sql`alter system set ssl = on`;
  const hba = "hostssl all all 127.0.0.1/32 scram-sha-256\n";
  await writeFile(join(data, "pg_hba.conf"), hba);
  await sql`select pg_reload_conf()`;

  const admin = new Redis(redis.url, { protocol: 2 });
  const port = await freePort();
  const present = async (authority: Authority) => {
    await lend(join(folder, "redis"), authority);
    const files = ["tls-cert-file", "server.crt", "tls-key-file", "server.key"];
    await admin.config("SET", ...files, "tls-ca-cert-file", "ca.pem");
  };
  await present(good);
  await admin.config("SET", "tls-auth-clients", "no", "tls-port", port);
  await admin.config("SET", "port", "0"); // this connection stays
  t.teardown(async () => {
    await sql.end({ timeout: 1 });
    admin.disconnect();
  });

  const redisUrl = new URL(redis.url.replace("redis:", "rediss:"));
  redisUrl.port = String(port);
  redisUrl.hostname = "localhost";
  const databaseUrl = new URL(postgres.url);
  databaseUrl.hostname = "localhost";
  const withMode = (mode: string) => {
    databaseUrl.search = `sslmode=${mode}`;
    return databaseUrl.href;
  };
  /** Both stores show another certificate to whoever comes. */
  const show = async (authority: Authority) => {
    await present(authority);
    await lend(data, authority);
    await sql`select pg_reload_conf()`;
  };
  const plain = { databaseUrl: postgres.url, redisUrl: redis.url };
  return { redisUrl: redisUrl.href, withMode, show, sql, admin, plain };
}

t.test("TLS", async (t) => {
  const { redisUrl, withMode, show, sql, admin, plain } = await startSecure(t);
  const urls = { databaseUrl: withMode("verify-full"), redisUrl };
  const settings = { DATABASE_URL: urls.databaseUrl, REDIS_URL: redisUrl };
  const trusting = ({ ca }: Authority) => ({ NODE_EXTRA_CA_CERTS: ca });

  await t.test("serves, with both links encrypted", async (t) => {
    const server = await startProcess(t, urls, trusting(good));
    await setPrizes({ sql, redis: admin, ...urls }, [{ id: "SURE" }]);
    await listing([server], "SURE");
    const win = await post(`${server.url}/draw`, { username: "ann" });
    t.equal(told(win.body), "won");
    const { id } = win.body.data?.result ?? {};
    const redeemed = await post(`${server.url}/redeem`, {
      id,
      username: "ann",
    });
    t.equal(redeemed.status, 200);
    const links = await sql`
      select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'lucky-draw'`;
    t.ok(links.length > 0);
    t.ok(links.every(({ ssl }) => ssl));
    const doctor = await runCommand("doctor", {
      ...settings,
      ...trusting(good),
    });
    t.same([doctor.code, doctor.err], [0, ""], doctor.out);
    t.match(
      doctor.out,
      /ok {4}The link to Redis is encrypted, and its certificate checked/,
    );
    t.match(
      doctor.out,
      /ok {4}The link to Postgres is encrypted, and its certificate checked/,
    );
  });

  await t.test("without TLS there is no way in", async (t) => {
    const doctor = await runCommand("doctor", {
      DATABASE_URL: plain.databaseUrl,
      REDIS_URL: plain.redisUrl,
    });
    t.equal(doctor.code, 1);
    t.match(doctor.out, /fail {2}Redis can't be reached: connect ECONNREFUSED/);
    t.match(
      doctor.out,
      /fail {2}Postgres can't be reached: no pg_hba.conf entry .* no encryption/,
    );
  });

  await t.test("another authority's certificate is refused", async (t) => {
    const doctor = await runCommand("doctor", {
      ...settings,
      ...trusting(other),
    });
    t.equal(doctor.code, 1);
    for (const store of ["Redis", "Postgres"]) {
      t.match(
        doctor.out,
        `fail  ${store}'s certificate is not signed by anybody this program trusts.\n      → set NODE_EXTRA_CA_CERTS`,
      );
    }
    await t.rejects(
      startProcess(t, urls, trusting(other)),
      /Postgres's certificate is not signed by anybody this program trusts: set NODE_EXTRA_CA_CERTS/,
    );
  });

  await t.test("another host's certificate is refused", async (t) => {
    await show(elsewhere);
    t.teardown(() => show(good));
    const doctor = await runCommand("doctor", {
      ...settings,
      ...trusting(elsewhere),
    });
    t.equal(doctor.code, 1);
    for (const store of ["Redis", "Postgres"]) {
      t.match(doctor.out, `fail  ${store}'s certificate is for another host.`);
    }
    await t.rejects(
      startProcess(t, urls, trusting(elsewhere)),
      /Postgres's certificate is for another host/,
    );
  });

  await t.test(
    "sslmode=require looks at no certificate; Redis is still refused",
    async (t) => {
      const blind = { databaseUrl: withMode("require"), redisUrl };
      const server = await startProcess(t, blind, trusting(other));
      await until("a word on Redis", async () => {
        const found = server.lines.some((line) =>
          line.includes("Redis's certificate is not signed by anybody"),
        );
        if (!found) throw new Error(server.lines.join("\n"));
      });
      t.equal((await fetch(`${server.url}/readyz`)).status, 503);
      const doctor = await runCommand("doctor", {
        ...settings,
        DATABASE_URL: blind.databaseUrl,
        ...trusting(other),
      });
      t.match(
        doctor.out,
        /warn {2}With sslmode=require whoever is in between may pass for Postgres/,
      );
      t.match(doctor.out, /ok {4}Postgres answers/);
    },
  );
});
