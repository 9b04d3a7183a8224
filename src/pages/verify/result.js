import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { dayName } from "./choose.js";
import { Draws, LookUp } from "./look-up.js";
import { StepList } from "./step-list.js";
import { useTitles } from "./titles.js";
import { clock, counted, number, STEPS } from "./words.js";

/**
 * @typedef {import("./run.js").Check} Check
 * @typedef {{ tone: "good" | "bad" | "open", title: string, sentence: string }} Verdict
 */

/**
 * @param {{ check: Check, start: (task: import("./run.js").Task) => void, find: (whom: { p: string } | { name: string }) => void }} props
 */
export function Result({ check, start, find }) {
  const { state, task, steps, done, of, told, report, found } = check;
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => heading.current?.focus(), [task, state]);
  const verdict = verdictOf(check);
  const titleOf = useTitles(report?.campaign ?? told?.campaign);
  const share = of > 0 ? done / of : undefined;
  const draws =
    found &&
    report &&
    html`<${Draws} found=${found} report=${report} titleOf=${titleOf} />`;
  // That of the receipt stands first; others below the field in which they were asked for.
  const isOwn = task?.kind === "day" && task.p === found?.p;
  const open =
    state === "done" ? steps.filter((step) => step.state === "unknown") : [];
  return html`<section class="result" aria-labelledby="verdict">
    <div class=${`verdict ${verdict.tone}`} role="status">
      <h2 id="verdict" tabindex="-1" ref=${heading}>${verdict.title}</h2>
      <p>${verdict.sentence}</p>
      ${
        verdict.tone === "good" &&
        open.length > 0 &&
        html`<p class="open">Left open, see below: ${open.map(({ id }) => lower(STEPS[id]?.title ?? "")).join("; ")}.</p>`
      }
      ${state === "running" && html`<progress value=${share} max="1" aria-label="Checking"></progress>`}
    </div>
    ${report && html`<${Facts} check=${check} titleOf=${titleOf} />`}
    ${told && html`<${Told} told=${told} titleOf=${titleOf} />`}
    ${
      told &&
      html`<button type="button" class="next" onClick=${() => start({ kind: "day", campaign: told.campaign, day: told.day, p: told.p, pinned: task?.pinned })}>
        Check the whole day, and see how this draw was decided
      </button>`
    }
    ${isOwn && draws}
    <${StepList} steps=${steps} />
    ${report && html`<${LookUp} key=${report.day} names=${report.names} find=${find} />`}
    ${!isOwn && draws}
  </section>`;
}

/** @param {string} text */
const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);

/** @param {Check} check @returns {Verdict} */
function verdictOf({
  state,
  task,
  steps,
  of,
  done,
  told,
  report,
  sentence = "",
}) {
  const wrong = steps.find((step) => step.state === "wrong");
  const isBlind = steps.some(
    ({ id, state }) =>
      state === "unknown" && (id === "seal" || id === "signature"),
  );
  if (state === "failed") {
    return { tone: "open", title: "This could not be checked", sentence };
  }
  if (state === "running") {
    const title =
      task?.kind === "day"
        ? `Checking ${dayName(task.day)}`
        : "Checking this draw";
    return {
      tone: "open",
      title,
      sentence:
        of > 0
          ? `${counted(done, "line")} of ${number(of)}`
          : "Reading what was published…",
    };
  }
  if (wrong) {
    const where = wrong.where
      ? ` (${wrong.where.file}, line ${number(wrong.where.line)})`
      : "";
    return {
      tone: "bad",
      title:
        task?.kind === "day"
          ? "Something is wrong with this day"
          : "Something is wrong with this draw",
      sentence: `“${STEPS[wrong.id]?.title}” does not hold${where}: ${wrong.said}`,
    };
  }
  const but = isBlind
    ? " But for the signatures, which this browser can’t check."
    : "";
  if (told) {
    return told.isDone
      ? {
          tone: "good",
          title: "This draw stands in the public log, unchanged",
          sentence: `It is exactly as it was answered, and signed.${but}`,
        }
      : {
          tone: "open",
          title: "The receipt is genuine",
          sentence: `The public log does not show the line yet; it must within seconds. Please check again.${but}`,
        };
  }
  if (!report)
    return { tone: "bad", title: "This day can’t be checked", sentence: "" };
  if (!report.isClosed) {
    return {
      tone: "open",
      title: "So far everything held",
      sentence: `${counted(report.draws, "draw")} until now follow from the odds and quotas. The day is not closed yet: its rolls can be computed when its secret is published.${but}`,
    };
  }
  return {
    tone: "good",
    title: "Everything held",
    sentence: `${counted(report.draws, "draw was", "draws were")} decided as sealed before the day.${but}`,
  };
}

/** What the day came to. @param {{ check: Check, titleOf: (id: string) => string }} props */
function Facts({ check: { report, took = 0 }, titleOf }) {
  if (!report) return null;
  const prizes = Object.entries(report.wins).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return html`<dl class="facts">
    <div><dt>Day</dt><dd>${dayName(report.day)}</dd></div>
    <div><dt>Draws</dt><dd>${number(report.draws)}</dd></div>
    ${prizes.map(([id, count]) => html`<div key=${id}><dt>${titleOf(id)}</dt><dd>${number(count)}</dd></div>`)}
    <div><dt>Computed here in</dt><dd>${(took / 1_000).toFixed(1)} s</dd></div>
  </dl>`;
}

/** What a receipt says. @param {{ told: import("./run.js").ReceiptTold, titleOf: (id: string) => string }} props */
function Told({ told, titleOf }) {
  const [prize, unit] = told.outcome.split(":");
  return html`<dl class="facts">
    <div><dt>Drawn</dt><dd>${clock(told.at)}</dd></div>
    <div><dt>Outcome</dt><dd>${told.outcome === "-" ? "No prize" : html`${titleOf(prize ?? "")}, unit ${unit}`}</dd></div>
    <div><dt>Line</dt><dd>${number(told.seq)}</dd></div>
    <div class="wide"><dt>You in the log</dt><dd><code>${told.p}</code></dd></div>
  </dl>`;
}
