/** The samples of a scrape. */
export type Sample = {
  name: string;
  labels: Record<string, string>;
  value: number;
};

/** GET /metrics, read as Prometheus does. */
export async function scrape(url: string) {
  const answer = await fetch(`${url}/metrics`);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(text);
  return { ...readScrape(text), text, headers: answer.headers };
}

/** The samples of a scrape's text. Throws at a line that is no sample and no comment. */
export function readScrape(text: string) {
  const lines = text.split("\n").filter((line) => line && line[0] !== "#");
  const samples = lines.map(readSample);

  /** The value of the only sample with this name and these labels, or undefined. */
  function value(name: string, labels: Record<string, string> = {}) {
    const found = samples.filter(
      (it) =>
        it.name === name &&
        Object.entries(labels).every(([key, is]) => it.labels[key] === is),
    );
    if (found.length > 1) throw new Error(`${found.length} samples: ${name}`);
    return found[0]?.value;
  }

  return { samples, value };
}

function readSample(line: string): Sample {
  const [, name, inner = "", number] =
    /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
  if (!name || !number) throw new Error(`not a sample: ${line}`);
  const labels = Object.fromEntries(
    [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((it) => [
      it[1],
      it[2],
    ]),
  );
  return { name, labels, value: Number(number) };
}
