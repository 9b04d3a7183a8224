/** A POST of JSON over HTTP. Rejects where no answer comes. */
export async function post(url: string, payload: unknown, headers = {}) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(payload),
  });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Body,
  };
}

/** An answer, of whatever kind. */
export type Body = {
  success: boolean;
  data?: {
    message: string;
    resets_at?: string;
    result?: {
      id: string;
      user_id: string;
      prize_id: string;
      created_at: string;
      phone_no?: string | null;
      redeemed_at?: string;
    };
  };
  message?: { message: string; resets_at: string };
  error?: string;
  code?: string;
};

/** What an answer of POST /draw says. */
export function told(
  body: Body,
): "won" | "no_prize" | "participated" | "failed" {
  const message = body.data?.message ?? "";
  if (message.startsWith("Congratulations")) return "won";
  if (message.startsWith("Unlucky")) return "no_prize";
  if (message.startsWith("You have already")) return "participated";
  return "failed";
}
