import type { Config } from "../settings/config.js";
import type { Beacon } from "./beacon.js";
import type { ProofSettings } from "./sealing/sealed-days.js";

/** How days are sealed, of the settings; undefined without PROOF_KEY. */
export function proofOf(settings: Partial<Config>): ProofSettings | undefined {
  const { PROOF_KEY, PROOF_NAME = "lucky-draw" } = settings;
  const { BEACON_URL, BEACON_CHAIN, BEACON } = settings;
  if (!PROOF_KEY) return undefined;
  const keys = PROOF_KEY.toLowerCase().split(",");
  if (!BEACON_URL || !BEACON_CHAIN) return { name: PROOF_NAME, keys };
  const beacon = loadLater(BEACON_URL, BEACON_CHAIN);
  return {
    ...{ name: PROOF_NAME, keys },
    beacon: { ...beacon, required: BEACON === "required" },
  };
}

/** Its curve takes a tenth of a second to load: only where a day is sealed or begun with it. */
function loadLater(url: string, chain: string): Beacon {
  const loaded = () =>
    import("./beacon.js").then(({ createBeacon }) =>
      createBeacon({ url, chain }),
    );
  let made: ReturnType<typeof loaded> | undefined;
  const beacon = () => {
    made ??= loaded();
    return made;
  };
  return {
    info: async () => (await beacon()).info(),
    signature: async (round) => (await beacon()).signature(round),
  };
}
