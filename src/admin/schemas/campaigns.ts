import Type, { type Static } from "typebox";
import {
  NO_STORE,
  Nullable,
  strict,
  success,
} from "../../http/schemas/common.js";
import { Yes } from "./common.js";
import { editable as prize } from "./prizes.js";

const CampaignId = Type.String({
  pattern: "^[a-z0-9][a-z0-9-]{0,31}$",
  description:
    "1 to 32 lower-case letters, digits and dashes, no dash in front.",
});

/** With an offset, so that it means one moment everywhere. */
const Moment = (description: string) =>
  Nullable(
    Type.String({
      pattern:
        "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,6})?)?(Z|[+-]\\d\\d:\\d\\d)$",
    }),
    { description },
  );

const editable = {
  title: Type.String({
    ...prize.title,
    description: "1 to 200 visible characters, as participants read it.",
  }),
  time_zone: Nullable(Type.String({ maxLength: 64 }), {
    description: "IANA name: decides what a day is. Null: `TIME_ZONE`.",
  }),
  starts_at: Moment("Nobody draws before; null: it has begun."),
  ends_at: Moment("Nobody draws from then on; null: no end is set."),
  draws_per_day: Type.Integer({
    minimum: 1,
    maximum: 100,
    description: "Draws of a user on a day.",
  }),
  wins_per_user: Nullable(
    Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
    {
      description:
        "Who has won so often in the campaign draws on, but wins nothing more; null: no limit.",
    },
  ),
  claim_days: Nullable(Type.Integer({ minimum: 1, maximum: 3_650 }), {
    description:
      "A win can be redeemed until so many days after its draw. Null: `CLAIM_DAYS`.",
  }),
  shards: Type.Integer({
    minimum: 1,
    maximum: 64,
    description:
      "Over how many slots of a Redis Cluster it is spread; fixed once somebody may have drawn.",
  }),
  frozen: Type.Boolean({
    description:
      "From its start on nobody can take anything back: odds, quotas, zone, limits, dates but a later end. For good.",
  }),
  active: Type.Boolean({
    description: "Whether there is such a campaign for participants.",
  }),
  verifiable: Type.Boolean({
    description:
      "Whether anybody can check its draws: from its next day on, or today where nobody has drawn yet. Needs `PROOF_KEY`.",
  }),
  proof_names: Type.Enum(["sealed", "open"], {
    description:
      "Whether what is published then has usernames: as codes that only they and an auditor can match, or open.",
  }),
};

const optional = <T extends Record<string, Type.TSchema>>(all: T) =>
  Type.Partial(Type.Object(all)).properties;

const { title, ...others } = editable;

const XMAS = {
  id: "xmas",
  title: "Christmas Draw",
  time_zone: "Asia/Hong_Kong",
  starts_at: "2099-12-01T00:00:00+08:00",
  ends_at: "2099-12-25T00:00:00+08:00",
  draws_per_day: 2,
};

export const CampaignFields = Type.Object(
  { id: CampaignId, title, ...optional(others) },
  { ...strict, title: "CampaignFields", examples: [XMAS] },
);
export type CampaignFields = Static<typeof CampaignFields>;

export const CampaignEdit = Type.Partial(Type.Object(editable), {
  ...strict,
  minProperties: 1,
  title: "CampaignEdit",
  examples: [{ ends_at: "2099-12-27T00:00:00+08:00" }, { wins_per_user: 1 }],
});

/** A row of `campaign`. */
export const CampaignRow = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    time_zone: Nullable(Type.String()),
    starts_at: Nullable(Type.String()),
    ends_at: Nullable(Type.String()),
    draws_per_day: Type.Integer(),
    wins_per_user: Nullable(Type.Integer()),
    claim_days: Nullable(Type.Integer()),
    shards: Type.Integer(),
    frozen: Type.Boolean(),
    active: Type.Boolean(),
    verifiable: Type.Boolean(),
    proof_names: Type.Enum(["sealed", "open"]),
  },
  { title: "CampaignRow", description: "A campaign's rules." },
);

const DEFAULT = {
  id: "default",
  title: "Lucky Draw",
  time_zone: null,
  starts_at: null,
  ends_at: null,
  draws_per_day: 1,
  wins_per_user: null,
  claim_days: null,
  shards: 1,
  frozen: false,
  active: true,
  verifiable: false,
  proof_names: "sealed" as const,
};

export const CampaignPath = Type.Object({
  id: Type.String({ ...CampaignId, examples: ["default"] }),
});

export const CampaignPreview = Type.Object(
  { preview: Yes("Check all, save nothing; the answer is what would be.") },
  strict,
);

/** Of a call that can be made once: no examples, which would be tried one after the other. */
export const OncePreview = Type.Object(
  {
    preview: Type.Optional(
      Type.Literal("yes", {
        description: "Check all, save nothing; the answer is what would be.",
      }),
    ),
  },
  strict,
);

export const OnceHeaders = Type.Object({
  "if-match": Type.Optional(
    Type.String({
      description: "The ETag of the campaigns that it is meant for, or `*`.",
    }),
  ),
  "x-changed-by": Type.Optional(
    Type.String({
      pattern: "^[!-~](?:[ -~]{0,62}[!-~])?$",
      description:
        "Who makes it, for the history: 1 to 64 printable ASCII characters.",
    }),
  ),
});

export const CampaignTableAnswer = success(
  {
    data: Type.Object(
      {
        version: Type.String({
          description: "Moves with every change; the ETag without its quotes.",
        }),
        preview: Type.Boolean({
          description: "Nothing was saved: this is what would be.",
        }),
        campaigns: Type.Array(CampaignRow, {
          description: "All, inactive and past ones too, by id.",
        }),
      },
      { title: "CampaignTable" },
    ),
  },
  {
    title: "CampaignTableAnswer",
    "x-response-description": "The campaigns as they are, or would be.",
    headers: {
      ...NO_STORE,
      ETag: {
        type: "string",
        pattern: '^"[0-9]+"$',
        description: "The version in quotes, for If-Match.",
        examples: ['"1795572813371337"'],
      },
    },
    examples: [
      {
        success: true,
        data: {
          version: "1795572813371337",
          preview: false,
          campaigns: [DEFAULT],
        },
      },
    ],
  },
);
