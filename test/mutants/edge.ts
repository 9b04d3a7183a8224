import type { Mutant } from "./mutant.js";

/** Mistakes in what callers meet. */
export const edge: Mutant[] = [
  {
    name: "wins that wait are counted by the gate",
    file: "src/gate.ts",
    find: "const waiting = underWay - (stalled ? wins : 0);",
    replace: "const waiting = underWay - (stalled ? 0 : 0);",
    test: "test/gate.test.ts",
    only: "wins that wait for a silent Postgres",
    few: true,
  },
  {
    name: "wins wait for a silent Postgres without an end",
    file: "src/gate.ts",
    find: "if (wins >= LONGEST_QUEUE && stalled) return true;",
    replace: "",
    test: "test/gate.test.ts",
    only: "wins that wait for a silent Postgres",
    few: true,
  },
  {
    name: "a slow server lets in as many as a fast one",
    file: "src/gate.ts",
    find: "perSecond += WEIGHT * ((finished / took) * 1_000 - perSecond);",
    replace: "",
    test: "test/gate.test.ts",
    few: true,
  },
  {
    name: "frame-ancestors is gone",
    file: "src/pages.ts",
    find: `        frameAncestors: ["'none'"],\n`,
    replace: "",
    test: "test/page-policy.test.ts",
    few: true,
  },
  {
    name: "pages may load scripts from everywhere",
    file: "src/pages.ts",
    find: `scriptSrc: ["'self'", ...inlineScripts],`,
    replace: `scriptSrc: ["*", ...inlineScripts],`,
    test: "test/page-policy.test.ts",
  },
  {
    name: "a claim ends a day too early",
    file: "src/claim.ts",
    find: "win.draw_date < since",
    replace: "win.draw_date <= since",
    test: "test/my-results.test.ts",
  },
  {
    name: "a win can be redeemed a day too long",
    file: "src/claim.ts",
    find: "today.subtract({ days: claimDays })",
    replace: "today.subtract({ days: claimDays + 1 })",
    test: "test/claims.test.ts",
    only: "drawn",
  },
  {
    name: "bodies of more than 4 KiB are read",
    file: "src/app.ts",
    find: "bodyLimit: 4096,",
    replace: "bodyLimit: 4_194_304,",
    test: "test/input.test.ts",
  },
];
