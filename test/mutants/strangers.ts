import type { Mutant } from "./mutant.js";

/** Mistakes by which a stranger could end a server, or keep it from others. */
export const strangers: Mutant[] = [
  {
    name: "requests that expect something are served past the line",
    file: "src/http/connections/unparsable.ts",
    find: 'app.server.emit("request", request, reply)',
    replace: "app.routing(request, reply)",
    test: "test/http/connections/lines.test.ts",
    only: "requests that expect something",
  },
  {
    name: "each connection may have a thousand waiting, however many there are",
    file: "src/http/connections/lines.ts",
    find: "Math.min(LONGEST_LINE, MOST_WAITING / turns.count())",
    replace: "LONGEST_LINE",
    test: "test/http/connections/lines.test.ts",
    only: "many connections that each send",
  },
  {
    name: "who sends a few requests ahead is cut off in a crowd",
    file: "src/http/connections/lines.ts",
    find: "const SHORTEST_LINE = 16;",
    replace: "const SHORTEST_LINE = 8;",
    test: "test/http/connections/lines.test.ts",
    only: "a few requests ahead",
  },
  {
    name: "every piece after a mistake leaves a listener",
    file: "src/http/connections/unparsable.ts",
    find: "if (done.has(socket)) return;",
    replace: "",
    test: "test/http/connections/lines.test.ts",
    only: "who goes on after the last word",
  },
  {
    name: "a socket that Node hands over has no listener for errors",
    file: "src/http/connections/unparsable.ts",
    find: 'socket.on("error", () => {});',
    replace: "",
    test: "test/http/connections/strangers.test.ts",
    only: "CONNECT",
  },
];
