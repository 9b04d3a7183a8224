/** What the first sight of the page can do without. */
export { Answer } from "./answer.js";
export { Checkable } from "./checkable.js";
export { Odds } from "./odds.js";
export { Wheel } from "./wheel.js";
export { Wins } from "./wins.js";
