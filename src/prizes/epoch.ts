import { randomBytes } from "node:crypto";
import type { Day } from "../clock.js";

/**
 * The name of a day's data in Redis since they were last known to be complete: that moment in milliseconds by the
 * shared clock, a dash, and random digits. A `?` at the end: not all of the day's winners have been restored yet. The
 * name is stored with the data, so a server that finds another name, or none, knows that data were lost.
 */
export type Epoch = string;

export const newEpoch = (now: number): Epoch =>
  `${Math.floor(now)}-${randomBytes(4).toString("hex")}`;

export const restoring = (name: Epoch): Epoch => `${name}?`;

/** Whether winners are still being restored. True for an unknown epoch. */
export const isRestoring = (epoch: Epoch | undefined): boolean =>
  epoch === undefined || epoch.endsWith("?");

/** The name without the `?`. */
export const nameOf = (epoch: Epoch): string => epoch.replace("?", "");

/** When it began, in milliseconds since the epoch of the shared clock. */
export const beganAt = (epoch: Epoch): number => Number.parseInt(epoch, 10);

/**
 * Whether winners of a day whose data were lost are told their wins once more: yes if it happened on that day. Whether
 * they had been told was lost as well.
 */
export const isToldAgain = (epoch: Epoch | undefined, day: Day): boolean =>
  epoch !== undefined && beganAt(epoch) < day.endsAt;
