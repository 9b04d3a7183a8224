/** A piece of HTML. */
export type Html = { html: string };

/** HTML in which what is filled in is text, unless it is HTML or a list of it. */
export function html(parts: TemplateStringsArray, ...filled: unknown[]): Html {
  const text = parts.map(
    (part, n) => part + (n < filled.length ? shown(filled[n]) : ""),
  );
  return { html: text.join("") };
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join("");
  if (typeof value === "object" && value !== null && "html" in value) {
    return String(value.html);
  }
  return String(value ?? "").replace(
    /[&<>"']/g,
    (it) => `&#${it.charCodeAt(0)};`,
  );
}

/** A table; columns whose head begins with # hold numbers. */
export function table(head: string[], rows: unknown[][]): Html {
  const kind = (n: number) => (head[n]?.startsWith("#") ? "number" : "");
  return html`<table>
<thead><tr>${head.map((name, n) => html`<th class="${kind(n)}" scope="col">${name.replace(/^#/, "")}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr>${row.map((cell, n) => html`<td class="${kind(n)}">${cell}</td>`)}</tr>
`,
  )}</tbody>
</table>`;
}

/** A part under a heading; nothing where there is nothing to say. */
export const section = (title: string, body: unknown[]): Html =>
  html`<section><h2>${title}</h2>
${body}</section>
`;

/** What is long and has no spaces: hashes and notes. */
export const code = (text: string): Html => html`<code>${text}</code>`;

const STYLE = `
@page { size: A4; margin: 18mm 16mm; }
:root { color: #1c1b1f; background: #fff; font: 10.5pt/1.45 Georgia, "Times New Roman", serif; }
body { max-width: 178mm; margin: 10mm auto; padding: 0 4mm; }
h1 { font-size: 20pt; line-height: 1.2; margin: 0 0 3mm; }
h2 { font-size: 13pt; margin: 8mm 0 2mm; padding-bottom: 1mm; border-bottom: .3mm solid #1c1b1f; break-after: avoid; }
h3 { font-size: 11pt; margin: 4mm 0 1mm; break-after: avoid; }
p { margin: 0 0 2mm; }
table { width: 100%; border-collapse: collapse; margin: 0 0 3mm; font-size: 9pt; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { text-align: left; vertical-align: top; padding: 1mm 2mm 1mm 0; border-bottom: .1mm solid #bbb; }
th { font-weight: bold; border-bottom-color: #555; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:first-child { white-space: nowrap; }
code, pre { font: 8pt/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; background: #f4f2ee; padding: 2mm; margin: 0 0 3mm; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 1mm 5mm; margin: 0 0 3mm; }
dt { color: #555; }
dd { margin: 0; }
.finding { border-left: 1mm solid #2e6b3e; padding: 1mm 3mm; }
.finding.odd { border-color: #a33; }
@media print { body { margin: 0; padding: 0; max-width: none; } .finding, pre { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
`;

export const pageOf = (title: string, sections: Html[]): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<h1>${title}</h1>
${sections}</body>
</html>
`.html;
