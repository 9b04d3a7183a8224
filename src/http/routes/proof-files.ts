import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import {
  Failure,
  invalid,
  PROOF_NOT_FOUND,
  unavailable,
} from "../../errors.js";
import { type Day, findDay } from "../../proof/read/days.js";
import { type File, fileOf } from "../../proof/read/files.js";
import type { Services } from "../../services.js";
import { hasEtag, parseRange, takesGzip } from "../range.js";
import { failures } from "../schemas/common.js";
import {
  FileAnswer,
  FilePart,
  FilePath,
  NOT_MODIFIED,
} from "../schemas/proof.js";

/** Files on their way at a time: each holds up to a megabyte, and may be taken as slowly as its caller likes. */
const MOST_UNDER_WAY = 32;

const FILE_NOT_FOUND =
  "file: there is none of this name, or not yet; the list of the day's files is one up.";
const OUTSIDE = "Range: the file is not so long.";
const TOO_MANY = new Error("too many files are on their way");

/** GET /proof/CAMPAIGN/DAY/FILE. */
export const proofFiles: FastifyPluginAsyncTypebox<
  Pick<Services, "postgres">
> = async (app, { postgres }) => {
  let underWay = 0;

  app.get(
    "/proof/:campaign/:day/:file",
    {
      schema: {
        operationId: "getProofFile",
        summary: "A file of a day",
        description:
          "As the list has it. Of a closed day it never changes. A log comes in parts where `Range` asks for one, and packed with gzip where that is accepted and it does not.",
        tags: ["proof"],
        params: FilePath,
        response: {
          200: FileAnswer,
          206: FilePart,
          304: NOT_MODIFIED,
          ...failures({
            PROOF_NOT_FOUND: FILE_NOT_FOUND,
            RANGE_NOT_SATISFIABLE: OUTSIDE,
          }),
        },
      },
    },
    async (request, reply) => {
      const { params } = request;
      const day = await findDay(postgres, params.campaign, parseDay(params));
      if (!day) throw new Failure("PROOF_NOT_FOUND", PROOF_NOT_FOUND);
      const file = fileOf(postgres, day, params.file);
      if (!file) throw new Failure("PROOF_NOT_FOUND", FILE_NOT_FOUND);
      if (underWay >= MOST_UNDER_WAY) throw unavailable(TOO_MANY);
      const content = answerWith(file, request, reply);
      reply.header("cache-control", cachedAs(day));
      if (!content) return reply.send(undefined as never);
      underWay += 1;
      const leave = () => {
        underWay -= 1;
      };
      const bytes = content[Symbol.asyncIterator]();
      const isHead = request.method === "HEAD";
      // What fails before the first bytes has a status; after them, only a broken connection tells of a failure.
      const first = isHead ? undefined : await bytes.next().catch(refuse);
      const body = Readable.from(resume(first, bytes), { objectMode: false });
      body.once("close", leave);
      // The schema's string goes out as a stream.
      return reply.send(body as never);

      function refuse(error: unknown): never {
        leave();
        throw error;
      }
    },
  );
};

type Content = ReturnType<File["read"]>;

/** Writes the head of an answer, and returns what follows; undefined where nothing does. */
function answerWith(
  file: File,
  { headers }: FastifyRequest,
  reply: FastifyReply,
): Content | undefined {
  const { name, bytes, part, gzip } = file;
  const plain = etagOf(file.state);
  const packed = plain.replace(/"$/, '-gzip"');
  reply.type(
    name.endsWith(".tsv")
      ? "text/tab-separated-values; charset=utf-8"
      : "text/plain; charset=utf-8",
  );
  if (gzip)
    reply.header("vary", "accept-encoding").header("accept-ranges", "bytes");
  const isPacked =
    gzip &&
    headers.range === undefined &&
    takesGzip(headers["accept-encoding"]);
  const etag = isPacked ? packed : plain;
  reply.header("etag", etag);
  if (hasEtag(headers["if-none-match"], etag)) {
    reply.code(304);
    return undefined;
  }
  if (isPacked) {
    reply.header("content-encoding", "gzip");
    return gzip();
  }
  const { "if-range": since } = headers;
  const isSame = since === undefined || hasEtag(String(since), plain, true);
  const range =
    part && bytes !== null && isSame
      ? parseRange(headers.range, bytes)
      : undefined;
  if (range === null) {
    reply.header("content-range", `bytes */${bytes}`);
    throw new Failure("RANGE_NOT_SATISFIABLE", OUTSIDE);
  }
  if (range && part) {
    const { from, to } = range;
    reply.code(206).header("content-range", `bytes ${from}-${to - 1}/${bytes}`);
    reply.header("content-length", to - from);
    return part(from, to);
  }
  if (bytes !== null) reply.header("content-length", bytes);
  return file.read();
}

/** A generator from its first value on, which may have been taken already. */
async function* resume(
  first: IteratorResult<Uint8Array | string> | undefined,
  rest: AsyncIterator<Uint8Array | string>,
): AsyncGenerator<Uint8Array | string> {
  try {
    for (
      let it = first ?? (await rest.next());
      !it.done;
      it = await rest.next()
    ) {
      yield it.value;
    }
  } finally {
    await rest.return?.();
  }
}

const etagOf = (state: string) =>
  `"${createHash("sha256").update(state).digest("base64url").slice(0, 22)}"`;

/** What is closed can be kept for good. */
export const cachedAs = ({ close }: Pick<Day, "close">): string =>
  close === null ? "no-cache" : "public, max-age=31536000, immutable";

/** A day of a path. Throws INVALID_REQUEST where it is none. */
export function parseDay({ day }: { day: string }): string {
  const isDay =
    /^[12]\d{3}-\d\d-\d\d$/.test(day) &&
    new Date(`${day}T00:00Z`).toJSON()?.startsWith(day);
  if (!isDay) throw invalid("day", "must be a date such as 2026-12-01");
  return day;
}
