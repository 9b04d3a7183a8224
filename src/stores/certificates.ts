/** What Node says of a certificate that it does not take, by error code. */
const UNTRUSTED =
  /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|CERT_UNTRUSTED|CERT_SIGNATURE_)/;

const OTHER_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

/**
 * Why a store's certificate was refused and what to do, or undefined where the error is about something else. Waiting
 * does not help then.
 */
export function certificateProblem(
  store: "Postgres" | "Redis",
  error: unknown,
): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const code = String(error.code);
  if (code === OTHER_NAME) {
    return `${store}'s certificate is for another host: name the host in its URL as the certificate does.`;
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return `${store}'s certificate is not valid today: renew it, or set this machine's clock.`;
  }
  if (UNTRUSTED.test(code)) {
    return `${store}'s certificate is not signed by anybody this program trusts: set NODE_EXTRA_CA_CERTS to the file of the authority that signed it${store === "Postgres" ? ", or sslrootcert in DATABASE_URL" : ""}.`;
  }
  return undefined;
}
