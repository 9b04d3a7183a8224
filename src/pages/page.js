import { render } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { Answer } from "./answer.js";
import { useDraw } from "./draw.js";
import { html } from "./html.js";
import { wins as keptWins, onOtherTab } from "./kept.js";
import { NameForm } from "./name.js";
import { Odds } from "./odds.js";
import { usePrizes } from "./prizes.js";
import { outcomesOf, sectorsOf } from "./sectors.js";
import { Wheel } from "./wheel.js";
import { Wins } from "./wins.js";

/** How long an answer waits for news of the prizes, in milliseconds. */
const NEWS = 2_000;

const colour = getComputedStyle(document.documentElement)
  .getPropertyValue("--colour")
  .trim();

function Page() {
  const { stock, latest, reload } = usePrizes();
  const [evenly, setEvenly] = useState(false);
  const [wins, setWins] = useState(keptWins);
  const changed = useCallback(() => setWins(keptWins()), []);
  useEffect(() => onOtherTab(changed), []);

  const outcomes = useMemo(
    () => (stock ? outcomesOf(stock.prizes, colour) : []),
    [stock],
  );
  const sectors = useMemo(
    () => sectorsOf(outcomes, evenly),
    [outcomes, evenly],
  );

  /** What became of it may be new to the wheel: a prize of a minute ago, or the first sold-out one. */
  async function stockWith(/** @type {string | null} */ id) {
    const shown = outcomesOf(latest.current?.prizes ?? [], colour);
    const isKnown = shown.some((outcome) => outcome.id === id);
    return isKnown ? latest.current : await reload(NEWS);
  }
  const { state, draw, stop, rested, again } = useDraw(stockWith);

  const decided = "decided" in state ? state.decided : undefined;
  useEffect(() => {
    if (state.step !== "answered") return;
    changed();
    reload(NEWS);
  }, [state.step]);

  const target = useMemo(() => decided && { id: decided.prizeId }, [decided]);
  const isTurning = state.step === "asking" && !state.wait;
  const standing = decided?.outcome === "participated" ? undefined : target;
  const ofAnswer =
    state.step === "answered"
      ? wins.find((win) => belongs(win, state.decided))
      : undefined;
  // Told by the wheel first.
  const hidden = ofAnswer?.id ?? decided?.win?.id;

  return html`
    <${Wheel}
      sectors=${sectors}
      motion=${standing ?? (isTurning ? "turning" : "still")}
      rested=${rested}
    />
    <section class="draw" aria-label="Your draw">
      ${
        state.step === "answered"
          ? html`<${Answer}
              decided=${state.decided}
              win=${ofAnswer}
              again=${again}
              changed=${changed}
            />`
          : html`<${NameForm} state=${state} draw=${draw} stop=${stop} />`
      }
    </section>
    <${Wins} wins=${wins.filter(({ id }) => id !== hidden)} changed=${changed} />
    ${stock && html`<${Odds} outcomes=${outcomes} evenly=${evenly} setEvenly=${setEvenly} />`}
  `;
}

/**
 * Whether it is what this draw won: also where the name has "already drawn", in this browser.
 *
 * @param {import("./kept.js").Win} win
 * @param {import("./draw.js").Decided} decided
 */
function belongs(win, decided) {
  if (decided.win) return win.id === decided.win.id;
  const isToday = Date.parse(win.resetsAt) > Date.now();
  return isToday && win.username === decided.username.trim();
}

const place = /** @type {HTMLElement} */ (document.getElementById("page"));
place.replaceChildren();
render(html`<${Page} />`, place);
