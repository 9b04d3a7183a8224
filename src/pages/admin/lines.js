/**
 * The JSON values of an answer that has one a line, as they come. Also an answer that is one value.
 *
 * @param {Response} response
 * @returns {AsyncGenerator<any>}
 */
export async function* readLines(response) {
  if (!response.body) return;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += done ? "\n" : decoder.decode(value, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) yield JSON.parse(line);
    if (done) return;
  }
}
