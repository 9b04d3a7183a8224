import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { ConfigSchema } from "../../src/settings/config.js";
import { runCommand } from "../support/run-command.js";
import { home } from "../support/temporary-folder.js";

t.test("it prints every setting, and no secret", async (t) => {
  const secret = "s3cret".repeat(8);
  await writeFile(join(home(), ".env"), "PORT=8123\nTIME_ZONE=Asia/Tokyo\n");
  const { code, out, err } = await runCommand("check-config", {
    DATABASE_URL: `postgres://lucky:${secret}@db.example:5432,other.example/lucky_draw?sslmode=verify-full&target_session_attrs=read-write`,
    REDIS_URL: `rediss://lucky:${secret}@redis.example:6379`,
    ADMIN_TOKEN: secret,
    AUTH_JWT_SECRET: secret,
    PROOF_KEY: "5ec4e7".padEnd(64, "0"),
    AUTH_ISSUER: "https://login.example.com/",
    AUTH_AUDIENCE: "lucky-draw",
    OTEL_EXPORTER_OTLP_ENDPOINT: `https://me:${secret}@otel.example/?api_key=${secret}`,
    TIME_ZONE: "Europe/Paris",
  });
  t.same([code, err], [0, ""]);
  t.notMatch(out, /s3cret|5ec4e7/);
  const names = out
    .trim()
    .split("\n")
    .map((line) => /[A-Z_]+/.exec(line)?.[0]);
  t.same(names, Object.keys(ConfigSchema.properties));
  const lines = out.split("\n");
  for (const line of [
    "HOST=127.0.0.1",
    "PORT=8123",
    "DATABASE_URL=postgres://lucky:***@db.example:5432,other.example/lucky_draw?sslmode=verify-full&target_session_attrs=read-write",
    "REDIS_URL=rediss://lucky:***@redis.example:6379",
    "TIME_ZONE=Europe/Paris",
    "ADMIN_TOKEN=***",
    "PROOF_KEY=***",
    "AUTH_JWT_SECRET=***",
    "AUTH_ISSUER=https://login.example.com/",
    "OTEL_EXPORTER_OTLP_ENDPOINT=https://me:***@otel.example/?api_key=***",
    "# CLAIM_DAYS is not set",
  ]) {
    t.ok(lines.includes(line), line);
  }
});

t.test("several hosts in a URL hide no secret", async (t) => {
  const { code, out } = await runCommand("check-config", {
    DATABASE_URL: "postgres:///lucky_draw",
    REDIS_URL:
      "redis+sentinel://lucky:s3cret@a:26379,b:26379/main?sentinel_password=s3cret",
  });
  t.equal(code, 0);
  t.match(
    out,
    "REDIS_URL=redis+sentinel://lucky:***@a:26379,b:26379/main?sentinel_password=***\n",
  );
});

t.test("it tells all mistakes at once, without the values", async (t) => {
  const { code, out, err } = await runCommand("check-config", {
    PORT: "eight",
    TIME_ZONE: "Mars/Olympus",
    ADMIN_TOKEN: "too-short",
    REDIS_URL: "redis://:s3cret@x",
  });
  t.same([code, out], [1, ""]);
  t.match(err, /^PORT: /m);
  t.match(err, /^TIME_ZONE: must be an IANA time zone/m);
  t.match(err, /^ADMIN_TOKEN: /m);
  t.match(err, /^DATABASE_URL: must be set, too/m);
  t.notMatch(err, /s3cret|too-short/);
});

for (const name of ["check-config", "doctor", "migrate"]) {
  t.test(`${name}: help and usage`, async (t) => {
    const help = await runCommand(name, {}, { args: ["--help"] });
    t.same([help.code, help.err], [0, ""]);
    t.match(help.out, new RegExp(`^npm run ${name}\n[\\s\\S]*Exit code: 0`));
    const wrong = await runCommand(name, {}, { args: ["--frobnicate"] });
    t.same([wrong.code, wrong.out], [2, ""]);
    t.match(wrong.err, /--frobnicate/);
    t.match(wrong.err, /Exit code: 0/);
  });
}

t.test("migrate without a database", async (t) => {
  const { code, err } = await runCommand("migrate");
  t.equal(code, 1);
  t.match(err, /^DATABASE_URL: must be set/);
});
