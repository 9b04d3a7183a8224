import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask } from "./ask.js";
import { ofCampaign } from "./campaign.js";

/** @typedef {import("typebox").Static<typeof import("../http/schemas/prizes.js").PrizesAnswer>["data"]} Stock */

/** The prizes and what is left of them: undefined until they came. `reload` answers with the newest it can get in that many milliseconds. */
export function usePrizes() {
  const [stock, setStock] = useState(
    /** @type {Stock | undefined} */ (undefined),
  );
  const latest = useRef(stock);

  const reload = useCallback(async (/** @type {number} */ patience) => {
    try {
      const signal = AbortSignal.timeout(patience);
      const { status, body } = await ask(
        { path: ofCampaign("prizes") },
        () => {},
        signal,
      );
      if (status === 200) {
        latest.current = /** @type {Stock} */ (body.data);
        setStock(latest.current);
      }
    } catch {
      // The draw does not depend on it.
    }
    return latest.current;
  }, []);

  useEffect(() => {
    reload(86_400_000);
  }, []);

  return { stock, reload };
}
