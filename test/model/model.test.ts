import { inspect } from "node:util";
import fc from "fast-check";
import t from "tap";
import { ran } from "./command.js";
import { editCommands } from "./edit-commands.js";
import { faultCommands } from "./fault-commands.js";
import { begin, end } from "./history.js";
import { anyRules } from "./rules.js";
import { userCommands } from "./user-commands.js";
import { createReal } from "./world.js";

// Random histories of users, edits and faults, on real servers, against a plain model of what is promised. To see one
// again: MODEL_SEED, MODEL_PATH and MODEL_REPLAY as the failure prints them. MODEL_HISTORIES makes it search for longer.

const number = (name: string, otherwise: number) =>
  Number(process.env[name] ?? otherwise);

/** However slow the machine is: half a second each on an idle one. */
const HISTORIES = number("MODEL_HISTORIES", 30);

/** How long a failing history may be shortened, in seconds. */
const SHORTENING = number("MODEL_SHORTENING", 120);

/** Commands in a history. */
const LONGEST = 25;

/** So many histories have seen every kind of command. */
const LONG = 100;
const KINDS = userCommands.length + editCommands.length + faultCommands.length;

t.setTimeout((HISTORIES * 15 + SHORTENING + 120) * 1_000);

t.test("random histories against the model of the promises", async (t) => {
  const seed = number("MODEL_SEED", Math.floor(Math.random() * 2 ** 31));
  const path = process.env.MODEL_PATH;
  t.comment(`MODEL_SEED=${seed}`);
  const real = await createReal(t);
  const began = performance.now();
  let deadline = Infinity;
  let histories = 0;
  let failed = false;
  const drawn = new Map<string, number>(); // histories by their rules

  const commands = fc.commands(
    [fc.oneof(...userCommands, ...editCommands, ...faultCommands)],
    {
      maxCommands: LONGEST,
      size: "max",
      ...(process.env.MODEL_REPLAY && { replayPath: process.env.MODEL_REPLAY }),
    },
  );
  const property = fc.asyncProperty(
    anyRules,
    commands,
    async (rules, history) => {
      // fast-check's own time limit would let a history go on in the background, on servers that are being ended.
      if (performance.now() > deadline) return;
      histories += 1;
      const { name } = rules;
      drawn.set(name, (drawn.get(name) ?? 0) + 1);
      try {
        let model: Awaited<ReturnType<typeof begin>> | undefined;
        const setup = async () => {
          model = await begin(real, histories, rules);
          return { model, real };
        };
        await fc.asyncModelRun(setup, history);
        if (model) await end(model, real);
      } catch (error) {
        t.comment(`${error}`);
        if (!failed) deadline = performance.now() + SHORTENING * 1_000;
        failed = true;
        for (const n of real.servers.keys()) await real.kill(n);
        throw error;
      }
    },
  );
  const details = await fc.check(property, {
    seed,
    numRuns: HISTORIES,
    ...(path && { path, numRuns: 1, endOnFailure: true }),
  });

  t.comment(
    `${histories} histories in ${Math.round((performance.now() - began) / 1_000)} s`,
  );
  for (const [name, times] of [...drawn].sort()) {
    t.comment(`${String(times).padStart(4)} with ${name}`);
  }
  for (const [kind, times] of Object.entries(ran).sort()) {
    t.comment(`${String(times).padStart(4)} ${kind}`);
  }
  if (details.failed) {
    const [rules, history] = details.counterexample ?? [];
    const replay = /replayPath="([^"]*)"/.exec(`${history}`)?.[1];
    t.comment(`the shortest history: ${rules?.name}, ${history}`);
    t.comment(inspect(details.errorInstance));
    t.fail(
      `MODEL_SEED=${seed} MODEL_PATH=${details.counterexamplePath} MODEL_REPLAY=${replay}`,
    );
    return;
  }
  t.equal(histories, path ? 1 : HISTORIES, "all histories ran");
  const kinds = new Set(Object.keys(ran).map((kind) => kind.split(":")[0]));
  if (HISTORIES >= LONG && !path)
    t.equal(kinds.size, KINDS, "every kind of command ran");
});
