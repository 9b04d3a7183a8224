import { isIP } from "node:net";

/** What proxies write: an address, or one with a port; IPv6 then in brackets. */
const WITH_PORT =
  /^(?:\[(?<v6>[^[\]]+)\](?::\d{1,5})?|(?<v4>[\d.]+):\d{1,5}|(?<bare>[^[\]]+))$/;

/**
 * The one form of an address: without port, brackets and zone, IPv6 in the form of RFC 5952, and IPv4 as IPv4 where IPv6
 * carries it. Undefined where the text is none.
 */
export function parseAddress(text: string): string | undefined {
  const { v6, v4, bare } = WITH_PORT.exec(text.trim())?.groups ?? {};
  const [address = ""] = (v6 ?? v4 ?? bare ?? "").split("%");
  const kind = isIP(address);
  if (kind === 4) return v6 === undefined ? address : undefined;
  if (kind !== 6) return undefined;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const groups = groupsOf(short);
  const isMapped = groups.slice(0, 6).join() === "0,0,0,0,0,ffff";
  if (!isMapped) return short;
  return groups
    .slice(6)
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 255])
    .join(".");
}

/** What counts as one address where requests are counted: of IPv6 the /64 that a household or a host is given. */
export const addressKey = (address: string): string =>
  address.includes(":")
    ? `${groupsOf(address).slice(0, 4).join(":")}::/64`
    : address;

/** All eight groups of an address in the form of RFC 5952. */
function groupsOf(short: string): string[] {
  const [left = [], right = []] = short
    .split("::")
    .map((half) => half.split(":").filter(Boolean));
  const missing = 8 - left.length - right.length;
  return [...left, ...new Array(missing).fill("0"), ...right];
}
