import { once } from "node:events";
import { Readable } from "node:stream";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type, { type Static } from "typebox";
import type { Lane } from "../../campaigns/lane.js";
import {
  CAMPAIGN_NOT_FOUND,
  Failure,
  INTERNAL,
  unavailable,
} from "../../errors.js";
import { failures, NO_STORE } from "../../http/schemas/common.js";
import { readTable } from "../../prizes/in-force.js";
import { systemRandom } from "../../random.js";
import type { Services } from "../../services.js";
import { readCounts } from "../prizes/counts.js";
import { CampaignQuery } from "../schemas/common.js";
import { PrizeTableFields } from "../schemas/prizes.js";
import { draftTable } from "./draft-table.js";
import { type Step, simulate } from "./simulate.js";

const SimulationFields = Type.Object(
  {
    draws: Type.Integer({
      minimum: 1,
      maximum: 200_000,
      description:
        "Draws of the day, by as many users, or fewer where a campaign gives several a day; evenly from its begin to its end.",
    }),
    prizes: Type.Optional(PrizeTableFields.properties.prizes),
  },
  {
    additionalProperties: false,
    title: "SimulationFields",
    examples: [
      { draws: 1_000 },
      {
        draws: 500,
        prizes: [
          { id: "MUG", title: "Mug", probability: 0.1, daily_quota: 20 },
        ],
      },
    ],
  },
);

const EXAMPLE = `{"progress":{"draws":512,"of":1000}}
{"success":true,"data":{"draws":1000,"no_prize":995,"prizes":[{"id":"FIVE_DOLLAR","title":"$5 Cash Coupon","wins":5,"sold_out_at_draw":null}],"points":[{"draws":0,"wins":{"FIVE_DOLLAR":0}},{"draws":1000,"wins":{"FIVE_DOLLAR":5}}]}}
`;

const Lines = Type.String({
  headers: NO_STORE,
  examples: [EXAMPLE],
  description:
    'Lines of JSON: `{"progress":{"draws":5120,"of":100000}}` about ten times a second, and the answer in the last one, a failure as any other. Its `data` has `draws`, `no_prize`, each of the `prizes` with its `wins` and `sold_out_at_draw` (0: before the first; null: never), and `points`, the wins after so many draws.',
});

const BODY_LIMIT_BYTES = 1_048_576;

/** POST /admin/simulation: what a day with so many draws would give, told while it runs. */
export const simulationRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  services,
) => {
  const stopping = new AbortController();
  let isBusy = false;
  let running: Readable | undefined;

  app.addHook("preClose", async () => {
    stopping.abort(unavailable(new Error("the server stops")));
  });
  app.addHook("onClose", async () => {
    if (!running) return;
    running.destroy();
    await once(running, "close");
  });

  app.post(
    "/simulation",
    {
      bodyLimit: BODY_LIMIT_BYTES,
      schema: {
        operationId: "simulateDay",
        summary: "What would a day with so many draws give?",
        description:
          "Runs the draws by the real scripts on keys of their own, with the prizes given or those in force and the rules of the campaign (release, moments, fallback, limits), on a day of which nothing is taken yet; of the total quotas there is what is left now. Nothing is saved. One at a time per server; it leaves Redis three quarters of the time, and ends when the caller hangs up.",
        tags: ["admin"],
        produces: ["application/x-ndjson"],
        body: SimulationFields,
        querystring: CampaignQuery,
        response: {
          200: Lines,
          ...failures({
            INVALID_REQUEST: "draws: must be a whole number from 1 to 200000.",
            UNAVAILABLE: BUSY,
            CAMPAIGN_NOT_FOUND,
          }),
        },
      },
    },
    async ({ body, query }, reply) => {
      const lane = services.campaigns.lane(query.campaign);
      if (isBusy) throw new Failure("UNAVAILABLE", BUSY);
      isBusy = true;
      try {
        const simulation = await prepare(lane, body);
        const parts = { scope: lane, random: systemRandom };
        const steps = simulate(parts, simulation, stopping.signal);
        running = Readable.from(tell(steps, app.log.error.bind(app.log)));
      } catch (error) {
        isBusy = false;
        throw error;
      }
      running.once("close", () => {
        isBusy = false;
        running = undefined;
      });
      reply.type("application/x-ndjson");
      return running as unknown as string;
    },
  );
};

const BUSY =
  "A simulation is under way at this server. Please try again in a moment.";

async function prepare(
  lane: Lane,
  { draws, prizes }: Static<typeof SimulationFields>,
) {
  const { redis, postgres, keys, clock, held } = lane;
  if (!lane.prizes.isFresh()) await lane.prizes.reload();
  const table = prizes
    ? await draftTable(postgres, held.campaign.id, prizes)
    : await readTable(redis, keys);
  if (!table) throw unavailable(new Error("no prize table in force"));
  const { units } = await readCounts(lane, clock.today().date);
  return { table, taken: (id: string) => units(id).total, draws };
}

/** The steps as lines of JSON; a failure is the last of them. */
async function* tell(
  steps: AsyncIterable<Step>,
  report: (details: object, sentence: string) => void,
): AsyncGenerator<string> {
  try {
    for await (const step of steps) {
      yield line("end" in step ? { success: true, data: step.end } : step);
    }
  } catch (err) {
    const isKnown = err instanceof Failure;
    if (!isKnown) report({ err }, "the simulation failed");
    const { code, message: error } = isKnown
      ? err
      : new Failure("INTERNAL", INTERNAL);
    yield line({ success: false, error, code });
  }
}

const line = (content: object) => `${JSON.stringify(content)}\n`;
