/** SQLSTATEs of a standby: of a write, and of the first words of a message for a pooler. */
const READ_ONLY = /^(25006|0A000)$/;

/** SQLSTATE classes of a server that can't serve now: connection, resources, operator, rollback. */
const AWAY = /^(08|53|57|40)/;

/**
 * Whether an error comes of a pooler: PgBouncer refuses a startup parameter that it can't pass on, and behind any of them
 * in transaction mode a named statement is unknown to the next connection, or known to it already. Nothing was run.
 */
export function isPooler(error: unknown): boolean {
  const code = sqlState(error);
  if (code === "26000" || code === "42P05") return true;
  return (
    code === "08P01" &&
    /unsupported startup parameter/.test((error as Error).message)
  );
}

/** Whether Postgres is away for now: the network's errors carry no SQLSTATE. */
export function isAway(error: unknown): boolean {
  const code = sqlState(error);
  return code === undefined || AWAY.test(code) || READ_ONLY.test(code);
}

/** Whether the data of a statement was refused: SQLSTATE classes 22 and 23. */
export const isDataError = (error: unknown) =>
  /^2[23]/.test(sqlState(error) ?? "");

/** The SQLSTATE of an error that Postgres reported. */
function sqlState(error: unknown): string | undefined {
  const reported = error instanceof Error && error.name === "PostgresError";
  return reported && "code" in error ? String(error.code) : undefined;
}

/** Whether Postgres takes no writes where this was run. */
export const isReadOnly = (error: unknown) =>
  READ_ONLY.test(sqlState(error) ?? "");
