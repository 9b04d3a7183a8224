import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Create } from "typebox/value";
import { SetupError } from "../../errors.js";
import type { Settings } from "../../services.js";
import { ConfigSchema } from "../../settings/config.js";
import { type Asset, createAsset, versionOf } from "./assets.js";
import { importMap, importsOf, readScripts } from "./page-scripts.js";
import { FOLDER, readStyle } from "./page-style.js";

type Kind = {
  path: string;
  /** of its HTML, its style and its scripts */
  folder: string;
  /** more folders of scripts */
  more?: string[];
  /** style sheets of packages */
  styles: string[];
};

const PARTICIPANTS: Kind = { path: "/", folder: "", styles: [] };

const ADMINISTRATORS: Kind = {
  path: "/admin/",
  folder: "admin/",
  styles: [import.meta.resolve("uplot/dist/uPlot.min.css")],
};

const CHECKERS: Kind = {
  path: "/verify/",
  folder: "verify/",
  more: ["verify/check/", "verify/hashes/", "verify/rules/"],
  styles: [],
};

const DEFAULT = {
  PAGE_TITLE: Create(ConfigSchema.properties.PAGE_TITLE),
  PAGE_COLOUR: Create(ConfigSchema.properties.PAGE_COLOUR),
};

const LOGO_TYPES: Record<string, string> = {
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
};

export type Pages = {
  /** by their paths */
  html: Map<string, Asset>;
  files: Map<string, Asset>;
  /** names the files' content, in their paths */
  version: string;
  /** sources that a Content-Security-Policy must allow */
  inlineScripts: string[];
};

/**
 * Reads the pages with the title, the colour and the logo of the settings: the administrators' one where they have a
 * token. Rejects with a SetupError about the logo.
 */
export async function readPages(settings: Settings): Promise<Pages> {
  const { PAGE_TITLE = DEFAULT.PAGE_TITLE, PAGE_COLOUR = DEFAULT.PAGE_COLOUR } =
    settings;
  const kinds = [PARTICIPANTS, CHECKERS];
  if (settings.ADMIN_TOKEN) kinds.push(ADMINISTRATORS);
  const files = await readScripts(
    kinds.flatMap(({ folder, more = [] }) => [folder, ...more]),
  );
  for (const { folder, styles } of kinds) {
    files.set(
      `${folder}page.css`,
      await readStyle(folder, styles, PAGE_COLOUR),
    );
  }
  files.set("logo", await readLogo(settings.PAGE_LOGO));

  const version = versionOf(files);
  const html = new Map<string, Asset>();
  const inlineScripts = new Set<string>();
  for (const { path, folder } of kinds) {
    // Relative: a proxy may have put the service below another path.
    const assets = `${path === "/" ? "." : ".."}/assets/${version}`;
    const at = (name: string) => `${assets}/${name}`;
    const map = JSON.stringify({ imports: importMap(at) });
    const digest = createHash("sha256").update(map).digest("base64");
    inlineScripts.add(`'sha256-${digest}'`);
    const template = await readFile(
      new URL(`${folder}index.html`, FOLDER),
      "utf8",
    );
    const names = [...importsOf(`${folder}page.js`, files)];
    const head = [
      `<script type="importmap">${map}</script>`,
      ...names.map((name) => `<link rel="modulepreload" href="${at(name)}">`),
      `<script type="module" src="${at(`${folder}page.js`)}"></script>`,
    ];
    const filled = fill(template, {
      assets,
      title: escapeHtml(PAGE_TITLE),
      colour: PAGE_COLOUR,
      timeZone: escapeHtml(settings.TIME_ZONE),
      scripts: head.join("\n    "),
    });
    html.set(path, createAsset("text/html; charset=utf-8", filled));
  }
  return { html, files, version, inlineScripts: [...inlineScripts] };
}

async function readLogo(path: string | undefined): Promise<Asset> {
  const from = path ?? fileURLToPath(new URL("logo.svg", FOLDER));
  const type = LOGO_TYPES[extname(from).toLowerCase()];
  const content = type && (await readFile(from).catch(() => undefined));
  if (!type || !content) {
    throw new SetupError(
      "PAGE_LOGO: must be the path of an SVG, PNG or WebP file",
    );
  }
  return createAsset(type, content);
}

/** Puts the values in the place of their `{{names}}` and `<!-- {{names}} -->`. */
function fill(template: string, values: Record<string, string>): string {
  return template.replace(
    /<!-- {{(\w+)}} -->|{{(\w+)}}/g,
    (_, whole, part) => values[whole ?? part] ?? "",
  );
}

function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
