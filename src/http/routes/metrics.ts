import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { isFirst, type Lane } from "../../campaigns/lane.js";
import { within } from "../../deadline.js";
import type { Metrics } from "../../observe/metrics.js";
import { readOutbox } from "../../outbox/depth.js";
import { readStock } from "../../prizes/stock.js";
import type { Services } from "../../services.js";
import { pipelines } from "../../stores/redis.js";
import { shared } from "../shared.js";

/** How long a scrape waits for a store, in milliseconds. Prometheus gives up after ten seconds. */
const SCRAPE_TIMEOUT_MS = 1_500;

const late = () => new Error("it took too long");

/** GET /metrics, for Prometheus. What the stores hold is read by every scrape; one that is away is told, and fails none. */
export const metricsRoute: FastifyPluginAsyncTypebox<
  Services & { metrics: Metrics }
> = async (app, { postgres, campaigns, gate, metrics, sums }) => {
  const {
    registry,
    stored,
    up,
    outboxEntries,
    outboxOldest,
    outboxAhead,
    untold,
  } = metrics;
  const { unitsLeft, unitsQuota, tableRefused } = metrics;
  metrics.watchLoad({
    underWay: () => gate.load().underWay,
    connections: () =>
      new Promise((resolve) => {
        app.server.getConnections((_error, count) => resolve(count ?? 0));
      }),
  });
  // One scrape for all who ask meanwhile: whoever floods it gets one text, and the stores one question.
  const scraped = shared(scrape);

  app.get(
    "/metrics",
    {
      schema: {
        operationId: "readMetrics",
        summary: "Metrics",
        description:
          "What this server counts and measures, for Prometheus; only with METRICS=on. Keep it from the outside at your proxy.",
        tags: ["operation"],
        produces: ["text/plain"],
        response: {
          200: Type.String({
            description: "Prometheus's text format 0.0.4",
            examples: ["lucky_draw_outbox_entries 0\n"],
          }),
        },
      },
    },
    async (_request, reply) => {
      const text = await scraped();
      reply.header("cache-control", "no-store");
      return reply.type(registry.contentType).send(text);
    },
  );

  async function scrape(): Promise<string> {
    // No number is better than an old one.
    const gauges = [outboxEntries, outboxOldest, outboxAhead, untold];
    for (const gauge of [...gauges, unitsLeft, unitsQuota, tableRefused]) {
      gauge.reset();
    }
    const lanes = campaigns.watched().filter(isFirst);
    const answers = await Promise.all([
      askPostgres(),
      ...lanes.map(askRedis),
      ...lanes.map(askStock),
    ]);
    up.set({ store: "redis" }, answers.includes(false) ? 0 : 1);
    if (!sums) return registry.metrics();
    const of = (name: string) => registry.getSingleMetricAsString(name);
    const texts = await Promise.all([sums.metrics(), ...stored.map(of)]);
    return `${texts.join("\n")}\n`;
  }

  /** Whether Redis answers. */
  async function askRedis({ redis, everywhere, held, prizes }: Lane) {
    const campaign = held.campaign.id;
    const refused = prizes.problem() === undefined ? 0 : 1;
    tableRefused.set({ campaign }, refused);
    const outbox = await tried(readOutbox(redis, everywhere));
    if (!outbox) return false;
    outboxEntries.set({ campaign }, outbox.entries);
    outboxOldest.set({ campaign }, outbox.oldest_seconds ?? 0);
    outboxAhead.set({ campaign }, outbox.ahead_seconds);
    const marks = await tried(
      pipelines(
        redis,
        everywhere.map(({ pending }) => ["hlen", pending]),
      ),
    );
    if (marks) {
      untold.set(
        { campaign },
        marks.reduce<number>((sum, n) => sum + Number(n), 0),
      );
    }
    return true;
  }

  async function askStock(lane: Lane) {
    const campaign = lane.held.campaign.id;
    const stock = await tried(readStock(lane));
    for (const it of stock ?? []) {
      const units = {
        total: [it.left_total, it.total_quota],
        day: [it.left_today, it.daily_quota],
      };
      for (const [per, [left = null, quota = null]] of Object.entries(units)) {
        const labels = { campaign, prize: it.id, per };
        if (left !== null) unitsLeft.set(labels, left);
        if (quota !== null) unitsQuota.set(labels, quota);
      }
    }
  }

  async function askPostgres(): Promise<void> {
    const answer = await tried(postgres.query((sql) => sql`select 1`));
    up.set({ store: "postgres" }, answer ? 1 : 0);
  }
};

const tried = <T>(work: Promise<T>): Promise<T | undefined> =>
  within(SCRAPE_TIMEOUT_MS, work, late).catch(() => undefined);
