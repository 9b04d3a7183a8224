import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from "jose";
import type { Owner } from "./owner.js";

export const ISSUER = "https://login.example.com/";
export const AUDIENCE = "lucky-draw";
export const SECRET = "a-secret-of-users-tokens-in-tests";

export const withSecret = {
  AUTH_JWT_SECRET: SECRET,
  AUTH_ISSUER: ISSUER,
  AUTH_AUDIENCE: AUDIENCE,
};

type SigningKey = Parameters<SignJWT["sign"]>[0];

/** A token that is good for an hour, but for what `changes` says; undefined takes a claim out. */
export function sign(
  sub: string | undefined,
  changes: Record<string, unknown> = {},
  key: SigningKey = new TextEncoder().encode(SECRET),
  header: { alg: string; kid?: string } = { alg: "HS256" },
): Promise<string> {
  const hour = Math.floor(Date.now() / 1000) + 3_600;
  const claims = { sub, iss: ISSUER, aud: AUDIENCE, exp: hour, ...changes };
  return new SignJWT(claims as JWTPayload).setProtectedHeader(header).sign(key);
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A pair of keys as an identity provider keeps them. */
export async function keyPair(kid: string, alg = "RS256") {
  const { publicKey, privateKey } = await generateKeyPair(alg, {
    extractable: true,
  });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  const token = (sub: string, changes = {}) =>
    sign(sub, changes, privateKey, { alg, kid });
  return { jwk, publicKey, privateKey, token };
}

/** A host of public keys, on a port of its own, until its owner ends. */
export async function keyHost(t: Owner, ...jwks: JWK[]) {
  const host = {
    keys: jwks,
    mode: "up" as "up" | "broken" | "silent",
  };
  const server = createServer((_request, response) => {
    if (host.mode === "silent") return;
    response.writeHead(host.mode === "up" ? 200 : 500, {
      "content-type": "application/json",
    });
    response.end(JSON.stringify({ keys: host.keys }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const settings = {
    AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys`,
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
  };
  return { host, settings };
}
