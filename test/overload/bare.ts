import { createServer } from "node:http";

// The yardstick of a machine: a bare Node server that only says 503. It prints its address as ours does.

const body = JSON.stringify({ success: false });
const server = createServer((_request, response) => {
  response.statusCode = 503;
  response.end(body);
});
server.listen(
  { host: "127.0.0.1", port: 0, backlog: 16_384, exclusive: true },
  () => {
    const address = server.address();
    if (address === null || typeof address === "string") return;
    console.log(`listening at http://127.0.0.1:${address.port}`);
  },
);
