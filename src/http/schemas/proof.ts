import Type from "typebox";
import {
  CampaignParameter,
  Cursor,
  Moment,
  NextCursor,
  RESULT_ID,
  strict,
  success,
} from "./common.js";

const Campaign = Type.String({
  description: "Id of a campaign.",
  examples: ["default"],
});
const Day = Type.String({
  description: "A day of the campaign.",
  examples: ["2026-11-22"],
});

export const ProofQuery = Type.Object(
  {
    campaign: CampaignParameter,
    limit: Type.Optional(
      Type.String({
        description: "Days a page, from 1 to 100; 20 where it is left out.",
        examples: ["50"],
      }),
    ),
    cursor: Cursor,
  },
  strict,
);

export const DayPath = Type.Object({ campaign: Campaign, day: Day });

export const FilePath = Type.Object({
  campaign: Campaign,
  day: Day,
  file: Type.String({
    description: "A name of the list.",
    examples: ["log-0.tsv"],
  }),
});

export const LinePath = Type.Object({
  campaign: Campaign,
  day: Day,
  shard: Type.String({ description: "Whose log.", examples: ["0"] }),
  seq: Type.String({
    description: "Number of the line.",
    examples: ["1"],
  }),
});

export const WinPath = Type.Object({
  id: Type.String({ description: "Id of a result.", examples: [RESULT_ID] }),
});

const CACHED = {
  "Cache-Control": {
    type: "string",
    enum: ["no-cache", "public, max-age=31536000, immutable"],
  },
};

const NO_CACHE = { "Cache-Control": { type: "string", const: "no-cache" } };

export const DaysAnswer = success(
  {
    data: Type.Object({
      days: Type.Array(
        Type.Object(
          {
            campaign: Type.String(),
            day: Type.String({ format: "date" }),
            sealed_at: Moment,
            begins_at: Moment,
            ends_at: Type.String({
              format: "date-time",
              description: "The day ends before this moment.",
            }),
            closed: Type.Boolean({
              description: "Whether all of it is there: `close.note`.",
            }),
            names: Type.Enum(["sealed", "open"]),
            shards: Type.Integer({ description: "How many logs there are." }),
            lines: Type.Integer({ description: "Of all logs." }),
            bytes: Type.Integer({ description: "Of all logs." }),
          },
          { title: "ProofDay" },
        ),
      ),
      next_cursor: NextCursor,
    }),
  },
  {
    title: "ProofDaysAnswer",
    description: "A page of the sealed days, newest first.",
    headers: NO_CACHE,
    examples: [
      {
        success: true,
        data: {
          days: [
            {
              campaign: "default",
              day: "2026-11-22",
              sealed_at: "2026-11-21T00:00:02.118Z",
              begins_at: "2026-11-22T00:00:00.000Z",
              ends_at: "2026-11-23T00:00:00.000Z",
              closed: true,
              names: "sealed",
              shards: 1,
              lines: 41_207,
              bytes: 3_914_665,
            },
          ],
          next_cursor: null,
        },
      },
    ],
  },
);

export const FilesAnswer = success(
  {
    data: Type.Object({
      campaign: Type.String(),
      day: Type.String({ format: "date" }),
      closed: Type.Boolean(),
      files: Type.Array(
        Type.Object(
          {
            name: Type.String({ description: "Below this address." }),
            bytes: Type.Integer({ description: "Unpacked." }),
            about: Type.String({ description: "What it is." }),
          },
          { title: "ProofFile" },
        ),
      ),
    }),
  },
  {
    title: "ProofFilesAnswer",
    description: "The files that are there by now.",
    headers: CACHED,
    examples: [
      {
        success: true,
        data: {
          campaign: "default",
          day: "2026-11-22",
          closed: false,
          files: [
            {
              name: "seal.note",
              bytes: 611,
              about: "What was fixed before the day.",
            },
          ],
        },
      },
    ],
  },
);

const EXAMPLE_LINE = {
  line: "1\t1795340504397\tD\t3f2a9c0d5be1470188aa41d2c96b7e55\t1\t184467440\tFIVE_DOLLAR:1:1\t",
  index: 1,
  path: ["9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a"],
  checkpoint:
    "lucky-draw/default/2026-11-22/0\n2\nqJqqrXa4vnYBkMlPqL/2EIzrGtxQO3iHdHu0Vh7/Mks=\n\n— lucky-draw u3ykc8…\n",
};

const line = {
  line: Type.String({ description: "Without its line feed." }),
  index: Type.Integer({ description: "Its place in the log, from 0 on." }),
  path: Type.Array(Type.String({ pattern: "^[0-9a-f]{64}$" }), {
    description: "Inclusion path of RFC 9162, in hex, from the leaf up.",
  }),
  checkpoint: Type.String({
    description: "The newest signed root, which the path leads to.",
  }),
};

export const LineAnswer = success(
  { data: Type.Object(line, { title: "ProofLine" }) },
  {
    title: "ProofLineAnswer",
    description: "The line, and what shows that it is in the log.",
    headers: NO_CACHE,
    examples: [{ success: true, data: EXAMPLE_LINE }],
  },
);

export const WinAnswer = success(
  {
    data: Type.Object(
      {
        campaign: Type.String(),
        day: Type.String({ format: "date" }),
        shard: Type.Integer(),
        seq: Type.Integer(),
        ...line,
      },
      { title: "ProofOfWin" },
    ),
  },
  {
    title: "ProofOfWinAnswer",
    description: "The line of the win, and what shows that it is in the log.",
    headers: NO_CACHE,
    examples: [
      {
        success: true,
        data: {
          ...{ campaign: "default", day: "2026-11-22", shard: 0, seq: 1 },
          ...EXAMPLE_LINE,
        },
      },
    ],
  },
);

const ETag = {
  ETag: {
    type: "string",
    pattern: '^"[\\w-]{22}(-gzip)?"$',
    description: "Of these bytes; another one where they are packed.",
    examples: ['"Q2hlY2sgaXQgeW91cnNlbGY"'],
  },
};

const content = {
  "text/tab-separated-values": {
    schema: Type.String(),
    example: `${EXAMPLE_LINE.line}\n`,
  },
  "text/plain": { schema: Type.String(), example: EXAMPLE_LINE.checkpoint },
};

export const FileAnswer = {
  description:
    "The file, streamed; a connection that breaks means that it is not whole.",
  headers: { ...CACHED, ...ETag },
  content,
};

export const FilePart = {
  description: "The part of it that was asked for.",
  headers: {
    ...CACHED,
    ...ETag,
    "Content-Range": {
      type: "string",
      pattern: "^bytes \\d+-\\d+/\\d+$",
      examples: ["bytes 0-999/3914665"],
    },
  },
  content,
};

export const NOT_MODIFIED = Type.Null({
  description: "It is as `If-None-Match` has it.",
  headers: ETag,
});
