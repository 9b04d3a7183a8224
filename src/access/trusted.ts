/** Of whom X-Forwarded-For is believed: of so many hops, or of addresses and networks. */
export function trustedOf(text: string | undefined) {
  if (text === undefined) return false;
  if (!/^\d+$/.test(text)) return text;
  const hops = Number(text);
  // Fastify trusts nobody where it is given a number: it can't know who else reaches the server. The operator does.
  return (_address: string, hop: number) => hop < hops;
}
