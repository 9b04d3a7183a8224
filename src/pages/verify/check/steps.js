/**
 * What is checked, step by step, as the page shows it.
 *
 * @typedef {"waits" | "runs" | "held" | "wrong" | "unknown" | "later"} State  unknown: can't be known here; later: once the
 *   day is closed
 * @typedef {{ id: string, state: State, said: string, where?: Where | undefined, more?: number }} Step
 * @typedef {{ file: string, line: number, text: string }} Where
 * @typedef {ReturnType<typeof createSteps>} Steps
 */

/** @param {string[]} ids @param {(step: Step) => void} tell */
export function createSteps(ids, tell) {
  /** @type {Map<string, Step>} */
  const steps = new Map(
    ids.map((id) => [id, { id, state: "waits", said: "" }]),
  );
  for (const step of steps.values()) tell(step);

  /** @param {string} id @param {State} state @param {string} said */
  function set(id, state, said) {
    if (steps.get(id)?.state === "wrong") return;
    const step = { id, state, said };
    steps.set(id, step);
    tell(step);
  }

  return {
    set,
    /** The first that is wrong is told, and how many more there are. @param {string} id @param {string} said @param {Where} [where] */
    wrong(id, said, where) {
      const before = steps.get(id);
      if (before?.state === "wrong") {
        before.more = (before.more ?? 0) + 1;
        return;
      }
      /** @type {Step} */
      const step = { id, state: "wrong", said, where };
      steps.set(id, step);
      tell(step);
    },
    /** Tells again those of which more became wrong. */
    retell() {
      for (const step of steps.values()) if (step.more) tell({ ...step });
    },
    /** @param {string} id */
    isWrong: (id) => steps.get(id)?.state === "wrong",
    all: () => [...steps.values()],
  };
}
