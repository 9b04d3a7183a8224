import { randomBytes } from "node:crypto";
import type { Day } from "../clock.js";

/**
 * The name of a day's data in Redis since they were last known to be whole: when that was, in milliseconds by the shared
 * clock, a dash, and chance. A `?` behind it: not all of the day's winners are back yet. It goes with the data, so a server
 * that meets another one, or none, knows that something was lost.
 */
export type Epoch = string;

export const newEpoch = (now: number): Epoch =>
  `${Math.floor(now)}-${randomBytes(4).toString("hex")}`;

export const restoring = (name: Epoch): Epoch => `${name}?`;

/** Whether winners are still being restored; of an epoch that is not known, too. */
export const isRestoring = (epoch: Epoch | undefined): boolean =>
  epoch === undefined || epoch.endsWith("?");

/** The name without the `?`. */
export const nameOf = (epoch: Epoch): string => epoch.replace("?", "");

/** When it began, in milliseconds since the epoch of the shared clock. */
export const beganAt = (epoch: Epoch): number => Number.parseInt(epoch, 10);

/**
 * Whether the winners of a day whose data were lost are told their wins once more: those of the day on which it happened.
 * Whether they had been told is lost, too.
 */
export const isToldAgain = (epoch: Epoch | undefined, day: Day): boolean =>
  epoch !== undefined && beganAt(epoch) < day.endsAt;
