import type { Campaign } from "../../prizes/campaign.js";
import { sealOf } from "../../proof/read/days.js";
import { jsonOf } from "../../proof/sealing/sealed-days.js";
import { type ChiSquare, pValueOf, wordsOf } from "./chi-square.js";
import { code, type Html, html, section, table } from "./page.js";
import type { Certificate, Change, Prize } from "./read.js";
import type { Counted } from "./tally.js";
import {
  count,
  differences,
  moment,
  percent,
  probability,
  quota,
  tenths,
} from "./words.js";

export function summary(
  { id }: Campaign,
  days: Counted[],
  { timeZone, now }: { timeZone: string; now: Date },
): Html {
  const [first, last] = [days[0], days.at(-1)];
  const closed = days.filter((day) => day.close !== null).length;
  const sum = (of: (day: Counted) => number) =>
    days.reduce((all, day) => all + of(day), 0);
  const draws = sum(({ tally }) => tally.draws);
  const won = sum(({ tally }) => wonOf(tally.prizes));
  const all = days.reduce(
    (all, { tally: { chiSquare } }) => ({
      value: all.value + chiSquare.value,
      freedom: all.freedom + chiSquare.freedom,
    }),
    { value: 0, freedom: 0 },
  );
  return html`<dl>
<dt>Campaign</dt><dd>${id}</dd>
<dt>Made at</dt><dd>${moment(now)}</dd>
<dt>Days that can be checked</dt><dd>${
    first && last
      ? `${count(days.length)}, from ${first.day} to ${last.day} (${timeZone}); ${count(closed)} of them closed`
      : "none by now"
  }</dd>
<dt>Draws</dt><dd>${count(draws)}, of which ${count(won)} won</dd>
</dl>
${draws > 0 ? finding(all, "All rolls of all days") : ""}
<p>This statement is made from the published logs of these days and from the operator’s database. Whoever downloads the logs can
compute every figure of the tables “Draws and odds”, “Seals” and “Roots” anew; how, stands below.</p>
`;
}

function finding(chiSquare: ChiSquare, whose: string): Html {
  const p = pValueOf(chiSquare);
  const { value, freedom } = chiSquare;
  if (freedom === 0) {
    return html`<p class="finding">${whose}: too few for a measure against the odds.</p>`;
  }
  return html`<p class="finding ${p < 0.01 ? "odd" : ""}">${whose}: ${wordsOf(p)} (chi-square ${value.toFixed(2)} with ${freedom}
degrees of freedom, p = ${probability(p)}).</p>`;
}

const wonOf = (prizes: Counted["tally"]["prizes"]) =>
  [...prizes.values()].reduce((sum, { won }) => sum + won, 0);

export function rules(campaign: Campaign, timeZone: string): Html {
  const { starts_at, ends_at, wins_per_user, frozen } = campaign;
  return section("Rules in force", [
    table(
      ["Rule", "Is"],
      [
        ["Start", starts_at === null ? "none is set" : moment(starts_at)],
        ["End", ends_at === null ? "none is set" : moment(ends_at)],
        ["A day begins and ends by", timeZone],
        ["Draws of a user on a day", count(campaign.draws_per_day)],
        [
          "Wins of a user",
          wins_per_user === null ? "no limit" : count(wins_per_user),
        ],
        [
          "Nothing can be taken back from its start on (frozen)",
          frozen ? "yes" : "no",
        ],
        ["Names in what is published", campaign.proof_names],
      ],
    ),
  ]);
}

export const prizes = (all: Prize[]): Html =>
  section("Prizes in force", [
    table(
      ["Prize", "Title", "#Odds", "#Units a day", "#Units in all", "State"],
      all.map((it) => [
        ...[it.id, it.title, percent(it.probability)],
        ...[quota(it.daily_quota), quota(it.total_quota)],
        [
          it.active ? "active" : "inactive",
          ...(it.fallback ? ["fallback"] : []),
        ].join(", "),
      ]),
    ),
    html`<p>A fallback goes to whoever would get no prize, while it lasts. A prize whose quota is used up is not given: the draw gets the
fallback, or no prize.</p>`,
  ]);

export const history = (changes: Change[]): Html =>
  section("History of rules and prizes", [
    changes.length === 0 ? html`<p>Nothing was changed.</p>` : "",
    table(
      ["When", "By", "Of", "What"],
      changes.map((it) => [
        ...[moment(it.changed_at), it.changed_by],
        it.prize_id ?? "the campaign",
        differences(it.before, it.after),
      ]),
    ),
  ]);

export const dayCounts = (days: Counted[]): Html =>
  section("Draws and odds", [
    html`<p>Each draw has a roll, a number that was fixed before its day began. A roll meets the odds of at most one prize. “Met” counts the
rolls that did, “expected” is what the odds in force at each draw promise. “Won” counts units given: less where a quota was used
up, more by winning moments and the fallback.</p>`,
    ...days.map(({ day, close, tally }) => {
      const { draws, prizes, tables, voided, chiSquare } = tally;
      const none = draws - wonOf(prizes);
      const rows = [...prizes].map(([id, it]) => [
        ...[id, count(it.met), tenths(it.expected), count(it.won)],
        ...[count(it.byMoment), count(it.byFallback)],
      ]);
      return html`<h3>${day}${close === null ? " (not closed yet)" : ""}</h3>
<p>${count(draws)} draws, ${count(none)} without a prize; ${
        tables === 1
          ? "one table of prizes and rules was in force"
          : `${count(tables)} tables of prizes and rules were in force, one after the other`
      }${
        voided > 0
          ? `; of ${count(voided)} decisions nothing came, before anybody was told: they were made again, by the same rolls`
          : ""
      }.</p>
${rows.length > 0 ? table(["Prize", "#Met", "#Expected", "#Won", "#of these by moments", "#as fallback"], rows) : ""}
${draws > 0 ? finding(chiSquare, "Rolls of this day") : ""}`;
    }),
  ]);

export const moments = (certificates: Certificate[]): Html =>
  certificates.length === 0
    ? html``
    : section("Winning moments", [
        html`<p>Drawn beforehand and kept secret; the first draw at or after a moment wins. The hash is that of the certificate that was given
when they were made: SHA-256 of the list, a line “campaign prize moment” each. Another hash means that moments of the list were
deleted since.</p>`,
        table(
          [
            "Prize",
            "Made at",
            "By",
            "#Moments",
            "#Claimed",
            "SHA-256 of the list",
          ],
          certificates.map((it) => [
            ...[it.prize_id, moment(it.created_at), it.created_by],
            ...[count(it.count), count(it.claimed), code(it.sha256)],
          ]),
        ),
      ]);

export function gaps(days: Counted[]): Html {
  const all = days.flatMap(({ day, tally }) =>
    tally.gaps.map((gap) => [
      day,
      String(gap.shard),
      gap.from,
      gap.to,
      gap.reason,
    ]),
  );
  return section("Lost data", [
    all.length === 0
      ? html`<p>No log declares a gap.</p>`
      : html`<p>Redis lost data before they were kept elsewhere. The logs declare the numbers that may have been given to lines that are
gone; wins among them are known from the database and stand in the log again.</p>
${table(["Day", "#Log", "#From", "#To", "Reason"], all)}`,
  ]);
}

export const seals = (days: Counted[]): Html =>
  section("Seals", [
    html`<p>A seal is published before its day begins, at the latest before the first draw. It fixes the day’s seed by its hash, and with it every roll.</p>`,
    table(
      [
        "Day",
        "Sealed at",
        "Day began at",
        "SHA-256 of the seed",
        "Public randomness",
      ],
      days.map((day) => {
        const { sealed_at, begins_at, seed_hash, beacon } = sealOf(day);
        const round = beacon === null ? "none" : `drand, round ${beacon.round}`;
        return [
          day.day,
          moment(sealed_at),
          moment(begins_at),
          code(seed_hash),
          round,
        ];
      }),
    ),
  ]);

type Close = { trees: { size: number; root: string }[] };

export const roots = (days: Counted[]): Html =>
  section("Roots", [
    html`<p>The root of a log’s tree stands for all of its lines: no line can be changed, dropped or slipped in without another root. Those of
a day that is not closed are of its newest checkpoints.</p>`,
    table(
      ["Day", "#Log", "#Lines", "Root", "State"],
      days.flatMap(({ day, close, logs }) =>
        logs.map(({ shard, checkpoint }) => {
          const tree =
            close === null ? undefined : jsonOf<Close>(close).trees[shard];
          const [, lines = "0", root = ""] = checkpoint?.split("\n") ?? [];
          return [
            ...[day, String(shard), count(tree?.size ?? Number(lines))],
            code(tree?.root ?? root),
            tree ? "closed" : "open",
          ];
        }),
      ),
    ),
  ]);

export const howToCheck = ({ id }: Campaign): Html =>
  section("How to check it", [
    html`<p>Every file of a day is at /proof/${id}/DAY/ of the service, for everybody. The verifier is a small program of its own that
shares no code with the service; it checks signatures, the seal against the seed, every roll, every outcome by the published
rules, all counts and all roots, and names the first line that is wrong:</p>
<pre>npm run verify -- https://SERVICE/proof/${id}/DAY/</pre>
<p>or, of a copy that was kept:</p>
<pre>npm run proof -- export --campaign ${id} --day DAY FOLDER
npm run verify -- FOLDER</pre>
<p>The page /verify of the service does the same in a browser. An auditor gets the key of the names, too
(<code>export --auditor</code>), and can match usernames with draws.</p>
<p>What this cannot show: with instant answers the operator knows a day’s seed while the day lasts, and could enter invented names or
refuse somebody. Receipts, counts and the figures above bound that, but do not exclude it. Without public randomness (“none” in
the table of seals) the seed was the operator’s choice.</p>`,
  ]);

export const appendix = (days: Counted[]): Html =>
  section("Appendix: notes in full", [
    html`<p>Signed as C2SP signed notes; the key stands first. After a day its note of closing tells the seed.</p>`,
    ...days.map(
      ({ day, key_text, seal, close }) => html`<h3>${day}</h3>
<pre>${key_text}</pre>
<pre>${seal}</pre>
${close === null ? "" : html`<pre>${close}</pre>`}`,
    ),
  ]);
