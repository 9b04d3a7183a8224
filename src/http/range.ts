/** A part of a file: from a byte up to before another. */
export type Range = { from: number; to: number };

/**
 * The one part that a Range header asks for of so many bytes. Undefined where it asks for something else, which may be
 * answered with the whole; null where the file has none of it.
 */
export function parseRange(
  header: string | undefined,
  bytes: number,
): Range | null | undefined {
  const [, first, last] =
    /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") {
    return undefined;
  }
  const from = first === "" ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === "" || last === "" ? bytes : Number(last) + 1;
  if (to <= from && first !== "" && last !== "") return undefined;
  return from < bytes ? { from, to: Math.min(to, bytes) } : null;
}

/** Whether a caller takes answers that are packed with gzip. */
export function takesGzip(header = ""): boolean {
  const weights = new Map(
    header.split(",").map((item) => {
      const [name = "", ...parameters] = item.toLowerCase().split(";");
      const q = parameters.find((it) => it.trim().startsWith("q="));
      return [name.trim(), q === undefined ? 1 : Number(q.trim().slice(2))];
    }),
  );
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}

/** Whether a list of ETags has this one; where `isStrong`, one that is only as good as it does not count. */
export function hasEtag(
  header: string | undefined,
  etag: string,
  isStrong = false,
): boolean {
  const named = (header ?? "").split(",").map((it) => it.trim());
  const plain = isStrong ? named : named.map((it) => it.replace(/^W\//, ""));
  return plain.includes(etag) || (!isStrong && plain.includes("*"));
}
