/** What each step is called, and why it matters, for people who never heard of hashes. @type {Record<string, { title: string, why: string }>} */
export const STEPS = {
  key: {
    title: "Who signs",
    why: "All that was published is signed with one key, as with a seal in wax: whoever changes a letter later breaks it. That the key is the operator’s you can only know from elsewhere: from the rules of the promotion, an auditor, or a day that you checked before.",
  },
  seal: {
    title: "The day was sealed before the first draw",
    why: "Before the day began, the fingerprint of its secret was published, with the date. From the secret follows every roll of the day, so from then on no roll could be chosen any more.",
  },
  close: {
    title: "After the day the secret was published, signed",
    why: "While a day lasts its secret must stay secret, or people could know beforehand who will win. Afterwards it is open to everybody.",
  },
  seed: {
    title: "It is the secret that was sealed",
    why: "Your browser computed the fingerprint (SHA-256) of the published secret and compared it with the one in the seal. No other secret has the same.",
  },
  beacon: {
    title: "Whether anybody could have picked a convenient secret",
    why: "A public beacon is a number that nobody knows beforehand, made every few seconds by many organisations together. Where rolls depend on one that came after the seal, even the operator could not try secrets until one suited.",
  },
  log: {
    title: "The log is whole",
    why: "Every draw, lost ones too, has a line with the next number. A line that was taken out would leave a hole.",
  },
  rolls: {
    title: "Everybody got the roll that belongs to them",
    why: "A roll is a number from 0 to 999,999,999 that decides a draw. It follows from the secret and from who drew (HMAC-SHA256), not from when they drew or how often they tried. Your browser computed each again.",
  },
  once: {
    title: "Nobody drew more often than the rules allow",
    why: "No person has two lines for the same draw.",
  },
  outcomes: {
    title: "Every outcome follows from the published odds and quotas",
    why: "From the first line to the last, your browser decided every draw again by the odds, quotas and rules in force at that moment. Nobody won who should not have, and nobody lost who should have won.",
  },
  tree: {
    title: "The log was never rewritten",
    why: "Every few seconds a fingerprint of the whole log so far was signed. All of them fit the log as it is now: what stood there then stands there still.",
  },
  counts: {
    title: "The published counts are right",
    why: "As many draws and prizes as the operator says.",
  },
  signature: {
    title: "The receipt is signed",
    why: "Your receipt came with the answer to your draw. Nobody but the holder of the key can make one.",
  },
  path: {
    title: "Your draw is what was signed",
    why: "Your line leads, by the fingerprints in the receipt, to the one that was signed.",
  },
  logged: {
    title: "The public log has your draw",
    why: "The log that everybody can read has your line in its place, letter by letter. If it were missing or different, your receipt would prove it.",
  },
  included: {
    title: "It can’t be taken out any more",
    why: "A signed fingerprint of the whole log covers your line.",
  },
};

/** How a step stands: its mark, and the words for whoever does not see it. @type {Record<import("./check/steps.js").State, [string, string]>} */
export const STATES = {
  waits: ["·", "waits"],
  runs: ["…", "is being checked"],
  held: ["✓", "held"],
  wrong: ["✗", "wrong"],
  unknown: ["?", "can’t be known here"],
  later: ["–", "not yet"],
};

const numbers = new Intl.NumberFormat("en");

/** @param {number} count */
export const number = (count) => numbers.format(count);

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) =>
  `${numbers.format(count)} ${count === 1 ? one : many}`;

/** @param {number} share */
export const percent = (share) =>
  new Intl.NumberFormat("en", {
    style: "percent",
    maximumSignificantDigits: 4,
  }).format(share);

/** @param {number} at */
export const clock = (at) =>
  new Date(at).toLocaleString("en", {
    dateStyle: "medium",
    timeStyle: "medium",
  });
