import { receiptsOf } from "../notes/receipts.js";
import { createRolls } from "../notes/rolls.js";
import type { Known, Log, ProofParts } from "../parts.js";
import { beaconOf } from "./begin.js";
import { keysOf } from "./sealed-days.js";

/** The log of a sealed day, whether it goes on or not; undefined without its key. */
export function logOf(
  { settings, shard = 0 }: Pick<ProofParts, "settings" | "shard">,
  { seal, row }: Pick<Known, "seal" | "row">,
): Log | undefined {
  const secrets = settings && keysOf(settings, seal);
  if (!secrets) return undefined;
  const { signer, seed, names_key } = secrets;
  const { campaign, day } = seal;
  const { randomness } = beaconOf(seal, row.beacon_signature ?? "");
  return {
    signer,
    rolls: createRolls({ campaign, day, seed, names_key, randomness }),
    receipts: (lines) => receiptsOf(signer, { campaign, day, shard }, lines),
    seen: 0,
  };
}
