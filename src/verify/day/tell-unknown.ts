import type { DayState } from "../replay/state.js";
import { counted, many, type Report } from "../report.js";

/** What nobody can see in the files of a day. */
export function tellUnknown(
  { tally, seal, beacon }: DayState,
  report: Report,
): void {
  const say = (count: number, text: string) => {
    if (count > 0) report.unknown(text);
  };
  say(
    tally.gaps,
    `What lines Redis lost: declared are ${many(tally.gaps, "loss", "losses")} of at most ${many(tally.gapNumbers, "line")}; ${many(tally.repeats, "draw")} came again after them, by the same roll.`,
  );
  say(
    tally.returned,
    `How ${many(tally.returned, "win")} came about whose lines were lost: they are known from Postgres alone.`,
  );
  say(
    tally.voids,
    `Why ${many(tally.voids, "win")} came to nothing before anybody was told: Postgres is said to have refused them; ${counted(tally.decidedAgain)} of these draws were decided again.`,
  );
  say(
    tally.jumps,
    `Why tables count ${many(tally.jumps, "unit")} more than their lines: after a loss, after a win that came to nothing, or by draws of the day before.`,
  );
  say(
    tally.unknownLimits,
    `Whether ${many(tally.unknownLimits, "draw")} lost rightly since their persons had all their wins: those of other days are not in these files.`,
  );
  say(
    tally.unseenMoments,
    `Whether ${many(tally.unseenMoments, "moment")} that were won were due: the moments are published after the day.`,
  );
  say(
    tally.claimsBefore,
    `By whom ${many(tally.claimsBefore, "moment")} were won that no line here won: by draws of days before, or by lines that were lost.`,
  );
  say(
    tally.unitsBefore,
    `How ${many(tally.unitsBefore, "unit")} went before the first line that names their prize: on days before, or by lines that were lost.`,
  );
  say(
    tally.changes,
    `Why the prizes, the rules or the moments were changed ${many(tally.changes, "time")} within the day: whoever runs the draws could know the rolls by then.`,
  );
  say(
    tally.noneHeld,
    `Whether other shards had units for ${many(tally.noneHeld, "draw")} that met a prize of which their own had none: the order of lines of several shards is not written down.`,
  );
  if (tally.backwards > 1000)
    report.unknown(
      `Why the clock went back by ${counted(tally.backwards)} ms.`,
    );
  if (beacon === "missing")
    report.unknown(
      "Whether the beacon was really away: the day says so, and went on without it.",
    );
  if (seal.beacon === null || beacon === "missing") {
    report.unknown(
      "Whether the seed was drawn by chance: without a beacon it is the operator's choice, though fixed before the first draw.",
    );
  }
  if (seal.sealed_at > seal.begins_at)
    report.unknown(
      `What was before ${new Date(seal.sealed_at).toISOString()}: the seal says that it was made then, after the day had begun.`,
    );
  else
    report.unknown(
      "Whether the seal was out before the day: it says when it was made. Who kept it, or the checkpoints, can tell.",
    );
  report.unknown(
    "Whether all who drew were real people, and whether somebody was refused a draw: no log can show that.",
  );
}
