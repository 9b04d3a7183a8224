import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { chown, copyFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { home } from "./temporary-folder.js";

/** A certificate authority of a test's own, and what it signed for `localhost`: paths of PEM files. */
export type Authority = { ca: string; certificate: string; key: string };

/** Makes one by openssl, valid for a day. */
export function createAuthority(host = "localhost"): Authority {
  const folder = mkdtempSync(join(home(), "authority-"));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { stdio: "pipe" });
  const fresh = [
    "req",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
  ];
  openssl(
    ...fresh,
    "-x509",
    "-days",
    "1",
    "-subj",
    "/CN=Test Authority",
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
  );
  openssl(
    ...fresh,
    "-subj",
    `/CN=${host}`,
    "-keyout",
    at("server.key"),
    "-out",
    at("server.csr"),
  );
  const kind = isIP(host) ? "IP" : "DNS";
  writeFileSync(at("extensions"), `subjectAltName=${kind}:${host}\n`);
  openssl(
    "x509",
    "-req",
    "-days",
    "1",
    "-in",
    at("server.csr"),
    "-CA",
    at("ca.pem"),
    "-CAkey",
    at("ca.key"),
    "-CAcreateserial",
    "-extfile",
    at("extensions"),
    "-out",
    at("server.pem"),
  );
  return {
    ca: at("ca.pem"),
    certificate: at("server.pem"),
    key: at("server.key"),
  };
}

/** Files that a store may read: it runs as the owner of its data folder. */
export async function lend(
  folder: string,
  { certificate, key, ca }: Authority,
) {
  const { uid, gid } = await stat(folder);
  for (const [from, name] of [
    [certificate, "server.crt"],
    [key, "server.key"],
    [ca, "ca.pem"],
  ] as const) {
    await copyFile(from, join(folder, name));
    await chown(join(folder, name), uid, gid);
  }
}
