import autocannon from "autocannon";

/** What a load met. */
export type Load = {
  connections: number;
  /** answers 200 a second */
  rate: number;
  answers: number;
  /** answers that were none of 200, and broken connections */
  failures: number;
  /** milliseconds of every answer */
  latencies: number[];
  /** wins announced */
  wins: number;
  /** the id of every hundredth of them */
  sample: string[];
};

let users = 0;

/**
 * POST /draw of unique users, in a campaign where one is named, from a number of connections, each asking again as soon as it is answered: for some
 * seconds, or so many in all. */
export async function load(
  url: string,
  connections: number,
  seconds: number,
  overallRate?: number,
  campaign?: string,
  amount?: number,
): Promise<Load> {
  const rest = campaign ? `,"campaign":"${campaign}"}` : "}";
  const seen = { wins: 0, sample: [] as string[], latencies: [] as number[] };
  const result = await autocannon({
    url: `${url}/draw`,
    method: "POST",
    headers: { "content-type": "application/json" },
    connections,
    duration: seconds,
    ...(overallRate && { overallRate }),
    ...(amount && { amount }),
    setupClient: (client) => {
      client.on("response", (_status, _bytes, milliseconds) => {
        seen.latencies.push(milliseconds);
      });
    },
    requests: [
      {
        setupRequest: (request) => {
          users += 1;
          request.body = `{"username":"user${String(users).padStart(8, "0")}"${rest}`;
          return request;
        },
      },
    ],
    verifyBody: (body) => {
      const at = (body as string).indexOf(WON);
      if (at < 0) return true;
      seen.wins += 1;
      if (seen.wins % 100 === 0) {
        const from = at + WON.length;
        seen.sample.push((body as string).slice(from, from + 36));
      }
      return true;
    },
  });
  return {
    ...seen,
    connections,
    rate: result["2xx"] / result.duration,
    answers: result["2xx"],
    failures: result.non2xx + result.errors,
  };
}

const WON = '"result":{"id":"';
