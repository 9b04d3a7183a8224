/** The administrators' token of the tests. */
export const ADMIN_TOKEN = "0123456789abcdef0123456789abcdef";

export const ADMIN = { settings: { ADMIN_TOKEN } };

// biome-ignore lint/suspicious/noExplicitAny: each test looks at what it asks for
type Data = any;

export type Answer = {
  status: number;
  headers: Headers;
  data: Data;
  error: string;
  code: string;
};

/** Calls of the administrators' API: method, path below /admin, body, headers. */
export function adminOf(url: string) {
  return async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await fetch(`${url}/admin${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const json = (await answer.json()) as Omit<Answer, "status" | "headers">;
    return { status: answer.status, headers: answer.headers, ...json };
  };
}

export const ANY = { "if-match": "*" };
