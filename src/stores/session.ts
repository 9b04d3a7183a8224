/**
 * What every statement runs with, whatever the database, the role or a pooler presets. PgBouncer passes these on with each
 * transaction, in every mode.
 */
const TRACKED = {
  client_encoding: "UTF8",
  DateStyle: "ISO, YMD",
  TimeZone: "UTC",
  standard_conforming_strings: "on",
};

/** What a pooler does not pass on. */
const UNTRACKED = {
  lock_timeout: "0",
  // A win that is announced must outlive a crash of the database's machine.
  synchronous_commit: "on",
  // Without statistics yet, PostgreSQL overrates a reload and compiles it, for a second on a busy machine.
  jit: "off",
  extra_float_digits: "1",
  IntervalStyle: "postgres",
  bytea_output: "hex",
  array_nulls: "on",
  transform_null_equals: "off",
  row_security: "on",
};

/** What matters between transactions, or to how one begins. */
const BETWEEN = {
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  default_transaction_deferrable: "off",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
};

/** The startup parameters of a connection. A pooler refuses those that it can't pass on. */
export function startup(
  patience: number,
  isPooled: boolean,
  searchPath?: string,
): Record<string, string> {
  if (isPooled) return TRACKED;
  const own = { ...TRACKED, ...UNTRACKED, ...BETWEEN };
  const path = searchPath === undefined ? {} : { search_path: searchPath };
  return { ...own, ...path, statement_timeout: String(patience) };
}

/** For a link that may lead through a pooler, whatever comes. */
export const tracked = TRACKED;

/**
 * SQL that goes before a statement in the same message, and so in the same implicit transaction: behind a pooler the next
 * transaction may run on any connection. `patience` in milliseconds, 0 for no end.
 */
export function preamble(patience: number, searchPath?: string): string {
  const set = (name: string, value: string) =>
    `set local ${name} to '${value}'; `;
  return [
    "set transaction isolation level read committed, read write; ",
    // A timer that is preset runs already: only 0 ends it, and only then the next statement starts ours.
    set("statement_timeout", "0"),
    ...Object.entries(UNTRACKED).map(([name, value]) => set(name, value)),
    searchPath === undefined ? "" : `set local search_path to ${searchPath}; `,
    set("statement_timeout", String(patience)),
  ].join("");
}
