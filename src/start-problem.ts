import { SetupError } from "./errors.js";

type Coded = Error & { code?: string; address?: string; port?: number };

/** What listening fails for. */
const LISTENING: Record<string, (error: Coded) => string> = {
  EADDRINUSE: ({ port }) =>
    `PORT: ${port} is taken by another program; end it, or choose another port`,
  EACCES: ({ port }) =>
    `PORT: this user may not listen on ${port}; choose one above 1023`,
  EADDRNOTAVAIL: ({ address }) =>
    `HOST: ${address} is no address of this machine; use one of its own, or 0.0.0.0 for all`,
  ENOTFOUND: () => "HOST: is no known name or address",
  EAI_AGAIN: () => "HOST: is no known name or address",
};

/** SQLSTATEs of a Postgres that waiting does not help. */
const POSTGRES: Record<string, string> = {
  "3D000":
    "DATABASE_URL: there is no such database; create it, or name another one",
  "28P01": "DATABASE_URL: Postgres refuses the user or the password",
  "28000":
    "DATABASE_URL: Postgres refuses this user from here; see its pg_hba.conf",
  "42501":
    "DATABASE_URL: this role may not do what is needed; see sql/roles.sql",
  "42704":
    "DATABASE_URL: has a parameter that Postgres does not know; leave it out",
  "22023":
    "DATABASE_URL: has a parameter with a value that Postgres does not take",
  "42P07":
    "DATABASE_URL: this database has tables of another program; give Lucky Draw a database or a schema of its own",
  "42710":
    "DATABASE_URL: this database has functions or triggers of another program; give Lucky Draw a database or a schema of its own",
};

/** What keeps the program from starting as a sentence for whoever starts it, where the cause is a known one. */
export function startProblem(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SetupError) return error;
  const { code = "", syscall } = error as Coded & { syscall?: string };
  if (syscall === "listen" || syscall === "bind" || syscall === "getaddrinfo") {
    const told = LISTENING[code]?.(error);
    if (told) return new SetupError(told);
  }
  const sentence = error.name === "PostgresError" && POSTGRES[code];
  return sentence ? new SetupError(sentence) : error;
}
