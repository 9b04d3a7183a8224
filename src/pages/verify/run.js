import { useEffect, useRef, useState } from "preact/hooks";

/**
 * @typedef {import("./check/worker.js").News} News
 * @typedef {import("./check/steps.js").Step} Step
 * @typedef {Extract<News, { kind: "receipt" }>["told"]} ReceiptTold
 * @typedef {import("./check/day.js").Report} Report
 * @typedef {import("./rules/explain.js").Explained} Explained
 * @typedef {{ kind: "receipt", text: string, pinned?: string | undefined }
 *   | { kind: "day", campaign: string, day: string, pinned?: string | undefined, p?: string | undefined }} Task  `p`: whose draws
 *   are looked for when the day is checked
 * @typedef {{
 *   state: "none" | "running" | "done" | "failed", task?: Task, steps: Step[], done: number, of: number, told?: ReceiptTold,
 *   report?: Report | undefined, took?: number, found?: { p: string, draws: Explained[] } | undefined, sentence?: string
 * }} Check
 */

/** @type {Check} */
const NONE = { state: "none", steps: [], done: 0, of: 0 };

/** The service's files of days: a proxy may have put the service below another path. */
const BASE = new URL("../proof/", location.href).href;

/** The one script that this page may start as a worker. */
const SCRIPT = new URL("./check/worker.js", import.meta.url).href;

/** The page's policy wants each text that becomes code to be allowed by name. */
function openWorker() {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  const policy = types?.createPolicy("worker", {
    createScriptURL: () => SCRIPT,
  });
  const url = policy ? policy.createScriptURL("") : SCRIPT;
  return new Worker(url, { type: "module" });
}

/** One check at a time, beside the page. */
export function useCheck() {
  const [check, setCheck] = useState(NONE);
  const worker = useRef(/** @type {Worker | null} */ (null));
  useEffect(() => () => worker.current?.terminate(), []);

  /** @param {Task} task */
  function start(task) {
    worker.current?.terminate();
    const mine = openWorker();
    worker.current = mine;
    setCheck({ ...NONE, state: "running", task });
    mine.onmessage = ({ data }) => {
      setCheck((now) => next(now, data));
      if (data.kind === "day" && task.kind === "day" && task.p) {
        mine.postMessage({ kind: "find", p: task.p });
      }
    };
    mine.onerror = () => {
      const sentence =
        "This browser could not start the check. Please load the page again, or use a newer browser.";
      setCheck((now) => ({ ...now, state: "failed", sentence }));
    };
    mine.postMessage({ ...task, base: BASE });
  }

  /** Looks for somebody in the day that was checked. @param {{ p: string } | { name: string }} whom */
  function find(whom) {
    const kind = "p" in whom ? "find" : "name";
    worker.current?.postMessage({ kind, ...whom });
  }

  return { check, start, find };
}

/** @param {Check} now @param {News} news @returns {Check} */
function next(now, news) {
  switch (news.kind) {
    case "step": {
      const { step } = news;
      const isNew = !now.steps.some(({ id }) => id === step.id);
      const steps = isNew
        ? [...now.steps, step]
        : now.steps.map((it) => (it.id === step.id ? step : it));
      return { ...now, steps };
    }
    case "progress":
      return { ...now, done: news.done, of: news.of };
    case "receipt":
      return { ...now, state: "done", told: news.told };
    case "day":
      return { ...now, state: "done", report: news.report, took: news.took };
    case "found":
      return { ...now, found: { p: news.p, draws: news.draws } };
    default:
      return { ...now, state: "failed", sentence: news.sentence };
  }
}
