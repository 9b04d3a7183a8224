import { mkdirSync, writeFileSync } from "node:fs";
import { filesOf, proofDay } from "../support/proof-day.js";

const [
  dir = "/tmp/proofday",
  shards = "1",
  names = "sealed",
  beacon = "used",
  seed = "1",
  users = "300",
] = process.argv.slice(2);
const { draft } = proofDay({
  shards: Number(shards),
  names: names as "open",
  beacon: beacon as "used",
  seed: Number(seed),
  users: Number(users),
});
mkdirSync(dir, { recursive: true });
for (const [name, text] of Object.entries(filesOf(draft)))
  writeFileSync(`${dir}/${name}`, text);
