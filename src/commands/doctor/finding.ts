/** What an examination found: a sentence and, where something is to be done, what. */
export type Finding = {
  level: "ok" | "warn" | "fail";
  sentence: string;
  remedy?: string;
};

/** Takes findings as they come. */
export type Say = (finding: Finding) => void;

export const ok = (sentence: string): Finding => ({ level: "ok", sentence });

/** It serves, and may not for long, or not as promised. */
export const warn = (sentence: string, remedy: string): Finding => ({
  level: "warn",
  sentence,
  remedy,
});

/** It can't serve, or breaks a promise. */
export const fail = (sentence: string, remedy: string): Finding => ({
  level: "fail",
  sentence,
  remedy,
});

/** From a sentence that has its remedy behind a colon. */
export function failWith(text: string): Finding {
  const [sentence = "", remedy = ""] = text.split(": ");
  return fail(`${sentence}.`, remedy);
}
