import autocannon from "autocannon";

/**
 * A process of its own that floods a server with draws of unique users, and prints what came back as JSON.
 * `flood.ts URL CONNECTIONS SECONDS NAME [RATE]`; RATE is in requests a second, held whatever the answers.
 */
const [url, connections, seconds, name, rate] = process.argv.slice(2);

let users = 0;
const result = await autocannon({
  url: `${url}/draw`,
  method: "POST",
  headers: { "content-type": "application/json" },
  connections: Number(connections),
  duration: Number(seconds),
  timeout: 60, // an answer that is late is measured, not missed
  ...(rate !== undefined && { overallRate: Number(rate) }),
  requests: [
    {
      setupRequest: (request) => {
        users += 1;
        return { ...request, body: `{"username":"${name} ${users}"}` };
      },
    },
  ],
});
console.log(
  JSON.stringify({
    seconds: result.duration,
    accepted: result["2xx"],
    refused: result.statusCodeStats?.["503"]?.count ?? 0,
    other: result.non2xx - (result.statusCodeStats?.["503"]?.count ?? 0),
    broken: result.errors,
  }),
);
