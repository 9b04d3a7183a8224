import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { ConfigSchema, readConfig } from "../../src/settings/config.js";
import { hostUrls } from "../../src/settings/database-url.js";
import { commandOf } from "../support/server-process.js";

const [env, command] = commandOf();

const example = readFileSync(
  new URL("../../.env.example", import.meta.url),
  "utf8",
);

t.test(
  ".env.example has every setting, in order, with its default and a line on it",
  async (t) => {
    const lines = example.split("\n");
    const settings = lines.flatMap((line, n) => {
      const found = /^(# )?([A-Z_]+)=(.*)$/.exec(line);
      return found
        ? [
            {
              name: found[2],
              value: found[3],
              off: Boolean(found[1]),
              about: lines[n - 1] ?? "",
            },
          ]
        : [];
    });
    t.same(
      settings.map((setting) => setting.name),
      Object.keys(ConfigSchema.properties),
    );
    for (const { name, value, off, about } of settings) {
      const { properties } = ConfigSchema;
      const schema = properties[name as keyof typeof properties] as {
        default?: unknown;
      };
      t.match(about, /^# \S/, `${name} has a line`);
      if (off) t.equal(schema.default, undefined, `${name} has no default`);
      else {
        const shown = value?.replaceAll('"', "");
        t.equal(shown, String(schema.default), `${name} shows its default`);
      }
    }
  },
);

t.test("a copy of .env.example is taken as it is", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "lucky-draw-env-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, ".env"), example);
  const ended = spawnSync(env, command, {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: "70000" },
    encoding: "utf8",
  });
  t.match(ended.stderr, /^PORT: .*\n$/, "nothing but the port is wrong");
});

t.test("defaults, and empty variables count as not set", async (t) => {
  t.same(await readConfig({ DATABASE_URL: "", REDIS_URL: "", PORT: "" }), {
    HOST: "127.0.0.1",
    PORT: 8000,
    WORKERS: "1",
    TIME_ZONE: "UTC",
    DEFAULT_COUNTRY: "HK",
    LOG_LEVEL: "info",
    LOG_FORMAT: "pino",
    PROOF_NAME: "lucky-draw",
    BEACON: "preferred",
    DRAIN_SECONDS: 0,
    PAGE: "on",
    PAGE_TITLE: "Lucky Draw",
    PAGE_COLOUR: "#c2185b",
    DOCS: "on",
    METRICS: "off",
  });
});

t.test("stores at sockets of this machine", async (t) => {
  const stores = {
    DATABASE_URL: "postgres:///lucky_draw?host=/run/postgresql",
    REDIS_URL: "unix:///run/redis/redis.sock?db=1",
  };
  t.match(await readConfig(stores), stores);
});

t.test("Redis behind Sentinel, and a cluster", async (t) => {
  const DATABASE_URL = "postgres:///lucky_draw";
  const read = (REDIS_URL: string) =>
    readConfig({ DATABASE_URL, REDIS_URL }).then(
      () => "",
      (error: Error) => error.message,
    );
  for (const good of [
    "redis+sentinel://host:26379/main",
    "redis+sentinel://user:p%40ss@a,b:26380,[::1]:26379/main/3?sentinel_password=x",
    "rediss+sentinel://:password@a:1/main",
    "redis+cluster://a:6379,b:6379,c",
    "rediss+cluster://user:password@a:6379",
  ]) {
    t.equal(await read(good), "", good);
  }
  for (const [bad, told] of [
    ["redis+sentinel://a:26379,b:26379", /must name the master/],
    ["redis+sentinel:///main", /must list its hosts/],
    ["redis+sentinel://a:26379,/main", /must list its hosts/],
    ["redis+sentinel://a:99999/main", /must list its hosts/],
    ["redis+sentinel://a/main/one", /number of a database/],
    ["redis+sentinel://a/main/1/2", /number of a database/],
    ["redis+sentinel://a/main?passwd=hunter2", /it takes sentinel_username/],
    ["redis+sentinel://:hunter2%@a/main", /percent-encode/],
    ["redis+cluster://a:6379/1", /neither a name nor numbered databases/],
    ["redis+cluster://:hunter2@", /must list its hosts/],
    ["redis+nodes://a:6379", /must be a URL such as redis:/],
    ["redis+cluster://a:6379, b:6379", /must be a URL such as redis:/],
    ["http://a", /or redis\+cluster:\/\/host:6379,host:6379$/],
  ] as const) {
    const said = await read(bad);
    t.match(said, told, bad);
    t.match(said, /^REDIS_URL: /);
    t.notMatch(said, "hunter2");
  }
});

t.test("several hosts, and how links are encrypted", async (t) => {
  const REDIS_URL = "redis://a";
  for (const DATABASE_URL of [
    "postgres://u:p@a:5432,b:5433/db?target_session_attrs=read-write",
    "postgres://u:p%2C%40@a,b,[::1]:5433/db",
    "postgresql://a/db?target_session_attrs=primary&sslmode=verify-full",
    "postgres:///db?host=a,b&port=5432,5433",
    "postgres://a/db?sslrootcert=system",
    "postgres://a/db?sslmode=verify-ca&sslrootcert=package.json",
  ]) {
    t.match(await readConfig({ DATABASE_URL, REDIS_URL }), { DATABASE_URL });
  }
  for (const [DATABASE_URL, told] of [
    ["postgres://u:p@a,,b/db", /must be a URL such as/],
    ["postgres://a:1,b:70000/db", /must be a URL such as/],
    ["postgres:///db?host=a,b,c&port=1,2", /must be a URL such as/],
    ["postgres://a,b/?target_session_attrs=standby", /must be read-write/],
    ["postgres://a/db?sslmode=sometimes", /sslmode must be disable, allow/],
    ["postgres://a/db?sslrootcert=package.json", /with sslrootcert not dis/],
    ["postgres://a/?sslmode=require&sslrootcert=system", /verify-full/],
    ["postgres://a/?sslmode=require&sslrootcert=no.pem", /can be read/],
  ] as const) {
    const error = await t.rejects(readConfig({ DATABASE_URL, REDIS_URL }));
    t.match((error as unknown as Error).message, told);
  }
  t.same(hostUrls("postgres://u:p@a:1,[::1]/db?sslmode=allow"), [
    "postgres://u:p@a:1/db?sslmode=allow",
    "postgres://u:p@[::1]/db?sslmode=allow",
  ]);
  t.same(hostUrls("postgres:///db?host=a,::1,/run&port=5433&user=u"), [
    "postgres://a:5433/db?user=u",
    "postgres://[::1]:5433/db?user=u",
    "postgres:///db?user=u&host=%2Frun&port=5433",
  ]);
});

t.test(
  "the settings of who is asking come together, and one way",
  async (t) => {
    const told = async (variables: Record<string, string>) =>
      (await t.rejects(readConfig(variables))) as unknown as Error;
    const secret = "s".repeat(32);
    t.match(
      (await told({ AUTH_JWT_SECRET: secret })).message,
      /^AUTH_ISSUER: must be set, too, where AUTH_JWT_SECRET is$/m,
    );
    const both = {
      AUTH_JWT_SECRET: secret,
      AUTH_JWKS_URL: "https://login.example.com/jwks",
      AUTH_ISSUER: "it",
      AUTH_AUDIENCE: "draw",
    };
    t.match(
      (await told(both)).message,
      /^AUTH_JWKS_URL: can't be set together/m,
    );
    t.match(
      (await told({ AUTH_JWT_SECRET: "short" })).message,
      /^AUTH_JWT_SECRET: /m,
    );
    t.match((await told({ ADMIN_TOKEN: "short" })).message, /^ADMIN_TOKEN: /m);
    for (const given of ["0", "true", "10.0.0.0/33", "proxy", "1.2.3.4,"]) {
      const { message } = await told({ TRUST_PROXY: given });
      t.match(message, /^TRUST_PROXY: must be the number of proxies/m, given);
    }
    for (const given of ["2", "10.0.0.1", "10.0.0.0/8, fd00::/8"]) {
      t.match(await readConfig({ TRUST_PROXY: given }), { TRUST_PROXY: given });
    }
  },
);

t.test("draws that anybody can check: key, name and beacon", async (t) => {
  const [key, chain] = ["0a".repeat(32), "5b".repeat(32)];
  const told = (variables: Record<string, string>) =>
    readConfig(variables).then(
      () => "",
      (error: Error) => error.message,
    );
  for (const PROOF_KEY of [key, `${key},${chain}`, key.toUpperCase()]) {
    t.match(await readConfig({ PROOF_KEY }), { PROOF_KEY });
  }
  for (const PROOF_KEY of [
    `${key}0`,
    key.slice(1),
    `${key},`,
    `${key}, ${key}`,
  ]) {
    const sentence = await told({ PROOF_KEY });
    t.match(sentence, /^PROOF_KEY: must have 64 hex digits/, PROOF_KEY);
    t.notMatch(sentence, "0a0a", "the secret is not told");
  }
  const file = join(mkdtempSync(join(tmpdir(), "lucky-draw-key-")), "key");
  writeFileSync(file, `${key}\n`);
  t.match(await readConfig({ PROOF_KEY_FILE: file }), { PROOF_KEY: key });
  t.equal(await told({ PROOF_NAME: "example.com/draw" }), "");
  for (const PROOF_NAME of ["our draw", "a+b", "x".repeat(65), "caf\u00e9"]) {
    t.match(await told({ PROOF_NAME }), /^PROOF_NAME: must have 1 to 64/);
  }
  const beacon = { BEACON_URL: "https://api.drand.sh", BEACON_CHAIN: chain };
  t.match(await readConfig({ ...beacon, BEACON: "required" }), beacon);
  t.match(await told({ BEACON_CHAIN: chain }), /^BEACON_URL: must be set, too/);
  t.match(
    await told({ BEACON_URL: beacon.BEACON_URL }),
    /^BEACON_CHAIN: must be set, too, where BEACON_URL is$/,
  );
  t.match(await told({ ...beacon, BEACON_CHAIN: "quicknet" }), /64 hex digits/);
  t.match(await told({ BEACON: "off" }), /^BEACON: must be one of preferred/);
});

t.test("all mistakes are told at once, before anything listens", async (t) => {
  const ended = spawnSync(env, command, {
    env: {
      PATH: process.env.PATH,
      PORT: "80000",
      DATABASE_URL: "mysql://root:hunter2@db/x",
      TIME_ZONE: "Mars/Olympus",
      DEFAULT_COUNTRY: "ZZ",
      LOG_LEVEL: "loud",
    },
    encoding: "utf8",
    timeout: 20_000,
  });
  t.equal(ended.status, 1);
  t.equal(ended.stdout, "");
  for (const line of [
    /^PORT: must be <= 65535$/m,
    /^DATABASE_URL: must be a URL such as postgres:/m,
    /^REDIS_URL: must be set, too, where DATABASE_URL is/m,
    /^TIME_ZONE: must be an IANA time zone such as/m,
    /^DEFAULT_COUNTRY: must be a two-letter country code such as/m,
    /^LOG_LEVEL: must be one of fatal, error/m,
  ]) {
    t.match(ended.stderr, line);
  }
  t.notMatch(ended.stderr, /hunter2/);
});

t.test("a file .env is read, and the environment comes first", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "lucky-draw-env-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, ".env"), "PORT=70000\nTIME_ZONE=Nowhere\n");
  const ended = spawnSync(env, command, {
    cwd: folder,
    env: { PATH: process.env.PATH, TIME_ZONE: "Also/Nowhere", PORT: "90000" },
    encoding: "utf8",
  });
  t.equal(ended.status, 1);
  t.match(ended.stderr, /^PORT: /m);
  const fixed = spawnSync(env, command, {
    cwd: folder,
    env: { PATH: process.env.PATH, TIME_ZONE: "UTC", LOG_LEVEL: "loud" },
    encoding: "utf8",
  });
  t.match(fixed.stderr, /^PORT: /m, "from the file");
  t.notMatch(fixed.stderr, /TIME_ZONE/, "the environment's is right");
});

t.test("secrets that no header can carry are refused", async (t) => {
  const good = "s".repeat(32);
  const others = { AUTH_ISSUER: "iss", AUTH_AUDIENCE: "aud" };
  const refusal = (variables: Record<string, string>) =>
    readConfig({ ...others, ...variables }).then(
      () => "",
      (error: Error) => error.message,
    );
  for (const name of ["ADMIN_TOKEN", "AUTH_JWT_SECRET"]) {
    t.equal(await refusal({ [name]: good }), "", name);
    for (const [what, value] of Object.entries({
      "a line end": `${good}\n`,
      "a carriage return": `${good}\r`,
      "a space before it": ` ${good}`,
      "a space inside": `${good} ${good}`,
      "a tab": `${good}\t`,
      "a letter beyond ASCII": `${good}\u00e9`,
      "an ideograph": `${good}\u4e2d`,
      "a byte order mark": `\ufeff${good}`,
      "a mark nobody sees": `${good}\u200b`,
      "a NUL": `${good}\u0000`,
      "too few": "s".repeat(31),
    })) {
      const told = await refusal({ [name]: value });
      t.match(told, new RegExp(`^${name}: must have at least 32 char`), what);
      t.notMatch(told, good, "the secret is not told");
    }
  }
  for (const [name, value] of Object.entries({
    AUTH_ISSUER: "iss\n",
    AUTH_AUDIENCE: " aud",
    AUTH_JWKS_URL: "https://login.example.com/keys\n",
    DATABASE_URL: "postgres://a:b@c/d\n",
    REDIS_URL: " redis://a",
  })) {
    t.match(
      await refusal({ [name]: value }),
      new RegExp(`^${name}: must be`, "m"),
    );
  }
});
