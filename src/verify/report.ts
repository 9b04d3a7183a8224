/** Where in the files of a day. */
export type Place = { file: string; line?: number };

export type Kind = "held" | "wrong" | "waits" | "unknown";
export type Finding = { kind: Kind; text: string; place?: Place };

/** Something that is not as it must be, in words. */
export class Wrong extends Error {
  constructor(
    text: string,
    readonly place?: Place,
  ) {
    super(text);
  }
}

/** What can't be read at all, or was asked wrongly. */
export class Unreadable extends Error {}

export type Report = ReturnType<typeof createReport>;

/** What was found, in the order in which it was. */
export function createReport() {
  const findings: Finding[] = [];
  const add = (kind: Kind) => (text: string, place?: Place) => {
    findings.push({ kind, text, ...(place && { place }) });
  };
  const report = {
    findings,
    held: add("held"),
    wrong: add("wrong"),
    waits: add("waits"),
    unknown: add("unknown"),
    /** Notes what `check` throws as wrong, and says what held where it returns true or a sentence. */
    check(check: () => string | undefined, file?: string): boolean {
      try {
        const sentence = check();
        if (sentence) report.held(sentence);
        return true;
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        report.wrong(
          error.message,
          error.place ?? (file ? { file } : undefined),
        );
        return false;
      }
    },
    isWrong: () => findings.some(({ kind }) => kind === "wrong"),
  };
  return report;
}

export const where = ({ file, line }: Place): string =>
  line === undefined ? file : `${file}:${line}`;

/** A finding as a sentence with its place. */
export const sentenceOf = ({ text, place }: Finding): string =>
  visible(place ? `${where(place)}: ${text}` : text);

/** With all that could write elsewhere on a terminal, or look like a line of its own, spelled out: files say what they like. */
export const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** 1,234,567 */
export const counted = (n: number): string => n.toLocaleString("en-US");

export const many = (n: number, one: string, others = `${one}s`): string =>
  `${counted(n)} ${n === 1 ? one : others}`;
