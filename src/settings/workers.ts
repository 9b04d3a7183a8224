import { availableParallelism } from "node:os";

/** How many processes WORKERS asks for. */
export const workersOf = (setting: string): number =>
  setting === "auto" ? availableParallelism() : Number(setting);
