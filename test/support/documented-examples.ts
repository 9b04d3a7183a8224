import { readFile } from "node:fs/promises";
import type { Media, Operation } from "./check-answers.js";
import { drawnLines, keepDay } from "./kept-day.js";
import type { World } from "./world.js";

/** A request as the document's examples make it. */
export type Example = {
  /** which examples it is made of */
  what: string;
  /** path and query */
  url: string;
  method: string;
  headers: Record<string, string>;
  body?: string;
};

type Parameter = NonNullable<Operation["parameters"]>[number];

/** Every example of a body, with what is required; and every optional parameter that has an example, one by one. */
export function requestsOf(
  method: string,
  path: string,
  { parameters = [], requestBody }: Operation,
): Example[] {
  const required = parameters.filter(({ required }) => required);
  const optional = parameters.filter(
    (parameter) => !parameter.required && first(parameter) !== undefined,
  );
  const media = requestBody?.content["application/json"];
  const bodies = media ? examplesOf(media) : [undefined];
  const make = (body: unknown, more: Parameter[]): Example => {
    const used = [...required, ...more];
    const where = (place: string) =>
      used
        .filter((parameter) => parameter.in === place)
        .map((it): [string, string] => [it.name, String(first(it))]);
    let url = path;
    for (const [name, value] of where("path")) {
      url = url.replace(`{${name}}`, encodeURIComponent(value));
    }
    const query = new URLSearchParams(where("query")).toString();
    const names = used.map(({ name }) => name).join(", ");
    return {
      what: `${names || "no parameters"}, ${JSON.stringify(body) ?? "no body"}`,
      url: query ? `${url}?${query}` : url,
      method: method.toUpperCase(),
      headers: {
        ...Object.fromEntries(where("header")),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
  };
  return [
    ...bodies.map((body) => make(body, [])),
    ...optional.map((parameter) => make(bodies[0], [parameter])),
  ];
}

const SAMPLE = new URL("../../sql/sample_prizes.sql", import.meta.url);

/** What the examples name, and nothing else: the sample prizes, an unredeemed win of the user `test`, of this day in UTC, and its line. */
export async function seed({ sql }: World): Promise<void> {
  await sql`delete from result`;
  await sql`delete from prize`;
  await sql`truncate proof_day, proof_log, proof_chunk, proof_win`;
  await sql.unsafe(await readFile(SAMPLE, "utf8"));
  await sql`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
    values ('11111111-1111-4111-8111-111111111111', 'test', 'FIVE_DOLLAR', (now() at time zone 'utc')::date, 1, 1, now())`;
  const place = { campaign: "default", day: "2026-11-22" };
  const lines = drawnLines(place, { draws: 9, odds: { FIVE_DOLLAR: 1 } });
  await keepDay(sql, { ...place, closed: true, logs: [lines] });
}

function first(media: Partial<Media>): unknown {
  return examplesOf(media)[0];
}

/** The examples of a body, an answer or a parameter. */
export function examplesOf({
  example,
  examples = {},
}: Partial<Media>): unknown[] {
  const named = Object.values(examples).map(({ value }) => value);
  return example === undefined ? named : [example, ...named];
}
