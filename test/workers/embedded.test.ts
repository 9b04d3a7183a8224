import t from "tap";
import { ended, folder, started, storesIn } from "../support/npm-start.js";
import { post, told } from "../support/post.js";
import { until } from "../support/until.js";
import { runs } from "../support/workers.js";

// `npm start` with several workers brings one pair of stores, by its first process.

t.test("one pair for all workers, which ends with them", async (t) => {
  const cwd = await folder(t);
  const server = await started(t, cwd, { WORKERS: "2" });
  const pids = await until("both workers", async () => {
    const listening = server.lines.filter((it) => it.includes("listening at"));
    if (listening.length < 2) throw new Error(server.said());
    return listening.map((line): number => JSON.parse(line).pid);
  });
  const { postmaster, redis } = await storesIn(cwd);
  t.ok(postmaster && redis);
  const migrated = server.lines.filter((it) => it.includes('"migrated"'));
  t.equal(migrated.length, 1, "by one process");
  t.notMatch(migrated[0], /"worker"/);
  t.equal(server.lines.filter((it) => /curl -X/.test(it)).length, 1);

  const first = await post(`${server.url}/draw`, { username: "ann" });
  t.equal(first.status, 200, "with the sample prizes");
  const again = await post(`${server.url}/draw`, { username: "ann" });
  t.equal(told(again.body), "participated");

  // A worker alone does not take the stores along.
  process.kill(pids[0] ?? 0, "SIGKILL");
  await until("another worker", async () => {
    const all = server.lines.filter((it) => it.includes("listening at"));
    if (all.length < 3) throw new Error(server.said());
  });
  t.match(await storesIn(cwd), { postmaster, redis });

  t.equal(await server.end("SIGINT"), 0);
  t.same((await storesIn(cwd)).all, [], "none is left");
});

t.test("kill -9 of the first process takes all along", async (t) => {
  const cwd = await folder(t);
  const server = await started(t, cwd, { WORKERS: "2" });
  const pids = server.lines
    .filter((it) => it.includes("listening at"))
    .map((line): number => JSON.parse(line).pid);
  t.equal(await server.end("SIGKILL"), null);
  await ended(cwd);
  await until("the end of the workers", async () => {
    if (pids.some(runs)) throw new Error("one runs");
  });
});
