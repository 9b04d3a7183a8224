import Type from "typebox";

export const Health = Type.Object(
  { status: Type.Literal("ok") },
  {
    title: "Health",
    description: "The process lives.",
    examples: [{ status: "ok" }],
  },
);

const readiness = {
  ready: Type.Boolean(),
  problems: Type.Array(Type.String()),
};

export const Ready = Type.Object(readiness, {
  title: "Readiness",
  "x-response-description":
    "It can serve. A refused edit of the prizes is told, too: the last good table is in force.",
  examples: [{ ready: true, problems: [] }],
});

export const NotReady = Type.Object(readiness, {
  title: "Readiness",
  "x-response-description": "It cannot serve; `problems` says why.",
  examples: [{ ready: false, problems: ["Redis does not answer."] }],
});
