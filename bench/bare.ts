import Fastify from "fastify";
import { Failed } from "../src/http/schemas/common.js";
import { DrawBody, DrawHeaders, Drawn } from "../src/http/schemas/draw.js";

/** The limit: a bare Fastify route with the schemas of POST /draw that answers a constant. */
const app = Fastify({ logger: { level: "info" }, disableRequestLogging: true });

const answer = {
  success: true,
  data: {
    message: "Congratulations! You have won a Buy 1 Get 1 Free Coupon!",
    result: {
      id: "95826778-0ba1-4d22-95de-ccb63be7da14",
      user_id: "user00000001",
      prize_id: "BUY_ONE_GET_ONE",
      created_at: "2026-11-23T14:47:51.176Z",
    },
  },
};
const response = { 200: Drawn, default: Failed };
const schema = { body: DrawBody, headers: DrawHeaders, response };

app.post("/draw", { schema }, async () => answer);

// Tells its address as the server does.
await app.listen({ host: "127.0.0.1", port: 0 });
