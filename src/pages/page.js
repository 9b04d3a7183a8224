import { render } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { campaign, readCampaign } from "./campaign.js";
import { useDraw } from "./draw.js";
import { html } from "./html.js";
import { wins as keptWins, onOtherTab } from "./kept.js";
import { NameForm } from "./name.js";
import { usePrizes } from "./prizes.js";
import { startAgain } from "./start-again.js";

/** How long an answer waits for news of the prizes, in milliseconds. */
const NEWS = 2_000;

function Page() {
  const later = useLater();
  const { stock, reload } = usePrizes();
  const [evenly, setEvenly] = useState(false);
  const [wins, setWins] = useState(keptWins);
  const changed = useCallback(() => setWins(keptWins()), []);
  useEffect(() => onOtherTab(changed), []);

  const { state, draw, stop, rested, ended, again } = useDraw(() =>
    reload(NEWS),
  );
  const decided = "decided" in state ? state.decided : undefined;
  useEffect(changed, [decided]);

  const motion = useMemo(() => {
    if (decided?.outcome === "participated") return "still";
    return decided && { id: decided.prizeId };
  }, [decided]);
  const isTurning = state.step === "asking" && !state.wait;
  const ofDraw = decided && (wins.find(isOf(decided)) ?? decided.win);
  const { Wheel, Answer, Wins, Odds, Checkable } = later ?? {};

  return html`
    ${
      Wheel
        ? html`<${Wheel}
            stock=${stock}
            evenly=${evenly}
            motion=${motion ?? (isTurning ? "turning" : "still")}
            rested=${rested}
          />`
        : html`<div class="wheel"></div>`
    }
    <section class="draw" aria-label="Your draw">
      ${
        state.step === "answered" && Answer
          ? html`<${Answer}
              decided=${state.decided}
              win=${ofDraw}
              seen=${ended}
              again=${again}
              more=${draw}
              changed=${changed}
            />`
          : html`<${NameForm} state=${state} draw=${draw} stop=${stop} />`
      }
    </section>
    ${
      Wins &&
      html`<${Wins}
        wins=${wins.filter(({ id }) => id !== ofDraw?.id)}
        changed=${changed}
      />`
    }
    ${Odds && stock && html`<${Odds} stock=${stock} evenly=${evenly} setEvenly=${setEvenly} />`}
    ${Checkable && html`<${Checkable} />`}
  `;
}

/** The rest of the page: it comes while the visitor types a name. */
function useLater() {
  const [later, setLater] = useState(
    /** @type {typeof import("./later.js") | undefined} */ (undefined),
  );
  useEffect(() => {
    import("./later.js").then(setLater, startAgain);
  }, []);
  return later;
}

/**
 * Tells which win a draw won; where the name has "already drawn", today and in this browser.
 *
 * @param {import("./draw.js").Decided} decided
 */
function isOf({ win, username }) {
  return (/** @type {import("./kept.js").Win} */ kept) => {
    if (win) return kept.id === win.id;
    const isToday = Date.parse(kept.resetsAt) > Date.now();
    return isToday && kept.username === username.trim();
  };
}

/** The name of the campaign that the address names, as soon as it is known. */
async function showTitle() {
  const its = await readCampaign();
  const heading = document.querySelector("header h1");
  if (!its || !heading) return;
  heading.textContent = its.title;
  document.title = its.title;
}

if (campaign !== undefined) showTitle();

const place = /** @type {HTMLElement} */ (document.getElementById("page"));
place.replaceChildren();
render(html`<${Page} />`, place);
