import helmet from "@fastify/helmet";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Fastify from "fastify";
import Type from "typebox";
import type { Services } from "../../services.js";
import { fail } from "../answer-error.js";
import { type Asset, sendAsset } from "./assets.js";
import { readPages } from "./page.js";

/** A year: the version in the path changes with the content. */
const FOR_EVER = "public, max-age=31536000, immutable";

const ASK_FIRST = "no-cache";

const AssetParams = Type.Object({
  version: Type.String(),
  "*": Type.String(),
});

/** The participants' page at /, that of whoever checks draws at /verify/, the administrators' one at /admin/, and their files. */
export const pages: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { settings },
) => {
  if (settings.PAGE !== "on") return;
  const { html, files, version, inlineScripts } = await readPages(settings);

  const headers = await securityHeaders(inlineScripts);
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(headers);
    done();
  });

  for (const [path, page] of html) {
    app.get(path, (request, reply) =>
      sendAsset(request, reply, page, ASK_FIRST),
    );
  }
  for (const page of [...html.keys()].filter((path) => path !== "/")) {
    // Relative: a proxy may have put the service below another path.
    const [, name] = page.split("/");
    app.get(`/${name}`, (_request, reply) => reply.redirect(`${name}/`, 308));
  }

  app.get(
    "/assets/:version/*",
    { schema: { params: AssetParams } },
    (request, reply) => {
      const { version: asked, "*": file } = request.params;
      const asset: Asset | undefined = files.get(file);
      if (!asset) return fail(reply, "NOT_FOUND", "There is no such file.");
      // During an update a page of one server may get its files from another of the next version.
      const caching = asked === version ? FOR_EVER : ASK_FIRST;
      return sendAsset(request, reply, asset, caching);
    },
  );
};

/** What helmet sets, made once: anew for each answer it took a third of the time of a file. */
async function securityHeaders(
  inlineScripts: string[],
): Promise<Record<string, string>> {
  const app = Fastify();
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", ...inlineScripts],
        styleSrc: ["'self'"],
        // The base style draws its marks with data: images.
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        formAction: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
      },
    },
    // Whether a whole domain is HTTPS is for the proxy that ends TLS to say.
    strictTransportSecurity: false,
  });
  let headers: Record<string, string> = {};
  app.get("/", async (_request, reply) => {
    headers = reply.getHeaders() as typeof headers;
    return "";
  });
  await app.inject("/");
  await app.close();
  return headers;
}
