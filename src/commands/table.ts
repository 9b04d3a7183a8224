/** Lines of texts in columns as wide as their widest text. */
export function table(lines: string[][]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => [...(line[column] ?? "")].length)),
  );
  const pad = (text: string, column: number) =>
    text + " ".repeat((widths[column] ?? 0) - [...text].length);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}
