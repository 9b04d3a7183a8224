import { readFileSync } from "node:fs";
import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { ROOT } from "../../root.js";
import type { Services } from "../../services.js";
import { nameSchemas } from "./components.js";
import { completeRoute } from "./operations.js";
import { securitySchemes } from "./security.js";

const { version } = JSON.parse(
  readFileSync(new URL("package.json", ROOT), "utf8"),
) as { version: string };

const ABOUT = `One draw per user and day; each prize has odds, a daily and a total quota; winners redeem.

Every failure is \`{"success":false,"error":"a sentence","code":"CODE"}\`. A request that met 503 is safe to repeat, best
with the same \`Idempotency-Key\`: an outcome that was decided meanwhile is repeated, not decided again.`;

/**
 * Describes the routes that `app` gets after this as an OpenAPI 3.1 document, `app.swagger()`. Only what the settings
 * switch on is in it.
 */
export async function describeApi(
  app: FastifyInstance,
  { settings }: Pick<Services, "settings">,
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Lucky Draw",
        version,
        description: ABOUT,
        license: { name: "MIT", identifier: "MIT" },
      },
      tags: [
        { name: "draw", description: "Draw and redeem" },
        { name: "prizes", description: "What can be won" },
        { name: "proof", description: "Draws that anybody can check" },
        ...(settings.ADMIN_TOKEN
          ? [{ name: "admin", description: "For administrators" }]
          : []),
        { name: "operation", description: "Whether it works" },
      ],
      components: { securitySchemes: securitySchemes(settings) },
    },
    convertConstToEnum: false,
    transform: completeRoute(settings),
    transformObject: nameSchemas,
  });
}
