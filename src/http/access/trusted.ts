import { BlockList } from "node:net";
import { parseAddress } from "./address.js";

/** Of whom X-Forwarded-For is believed: of so many hops, or of addresses and networks. */
export function trustedOf(text: string | undefined) {
  if (text === undefined) return false;
  const hops = Number(text);
  // Fastify trusts nobody where it is given a number: it can't know who else reaches the server. The operator does.
  if (/^\d+$/.test(text)) return (_address: string, hop: number) => hop < hops;
  const proxies = new BlockList();
  for (const item of text.split(",")) {
    const [address = "", bits] = item.trim().split("/");
    if (bits === undefined) {
      const plain = parseAddress(address) ?? address;
      proxies.addAddress(plain, familyOf(plain));
    } else proxies.addSubnet(address, Number(bits), familyOf(address));
  }
  return (told: string) => {
    const address = parseAddress(told);
    return address !== undefined && proxies.check(address, familyOf(address));
  };
}

const familyOf = (address: string) => (address.includes(":") ? "ipv6" : "ipv4");
