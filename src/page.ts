import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Asset, createAsset, versionOf } from "./assets.js";
import { SetupError } from "./errors.js";
import { FOLDER, readStyle } from "./page-style.js";
import type { Settings } from "./services.js";

/** What the pages import from packages: by which name, and which of their files the browser gets. */
const VENDOR = {
  preact: import.meta.resolve("preact"),
  "preact/hooks": import.meta.resolve("preact/hooks"),
  htm: import.meta.resolve("htm"),
  "spin-wheel": new URL(
    "../dist/spin-wheel-esm.js",
    import.meta.resolve("spin-wheel"),
  ),
  "canvas-confetti": import.meta.resolve(
    "canvas-confetti/dist/confetti.module.mjs",
  ),
  "eventsource-parser": import.meta.resolve("eventsource-parser"),
  uplot: new URL("uPlot.esm.js", import.meta.resolve("uplot")),
};

type Kind = {
  path: string;
  /** of its HTML, its style and its scripts */
  folder: string;
  /** what it asks for at once besides the scripts of its folder; everything else comes when it is needed */
  early: string[];
  /** style sheets of packages */
  styles: string[];
};

const EARLY = ["preact.js", "preact-hooks.js", "htm.js"];

const PARTICIPANTS: Kind = { path: "/", folder: "", early: EARLY, styles: [] };

const ADMINISTRATORS: Kind = {
  path: "/admin/",
  folder: "admin/",
  early: [...EARLY, "eventsource-parser.js", "html.js"],
  styles: [import.meta.resolve("uplot/dist/uPlot.min.css")],
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
  const { PAGE_TITLE = "Lucky Draw", PAGE_COLOUR = "#c2185b" } = settings;
  const kinds = [PARTICIPANTS];
  if (settings.ADMIN_TOKEN) kinds.push(ADMINISTRATORS);
  const scripts = await Promise.all(kinds.map(ownScripts));
  const files = new Map([...scripts.flat(), ...(await vendorScripts())]);
  for (const { folder, styles } of kinds) {
    files.set(
      `${folder}page.css`,
      await readStyle(folder, styles, PAGE_COLOUR),
    );
  }
  files.set("logo", await readLogo(settings.PAGE_LOGO));

  const version = versionOf(files);
  const at = (name: string) => `/assets/${version}/${name}`;
  const imports = Object.fromEntries(
    Object.keys(VENDOR).map((name) => [name, at(fileOf(name))]),
  );
  const map = JSON.stringify({ imports });
  const html = new Map<string, Asset>();
  for (const [n, { path, folder, early }] of kinds.entries()) {
    const template = await readFile(
      new URL(`${folder}index.html`, FOLDER),
      "utf8",
    );
    const names = [...(scripts[n] ?? []).map(([name]) => name), ...early];
    const head = [
      `<script type="importmap">${map}</script>`,
      ...names.map((name) => `<link rel="modulepreload" href="${at(name)}">`),
      `<script type="module" src="${at(`${folder}page.js`)}"></script>`,
    ];
    const filled = fill(template, {
      assets: `/assets/${version}`,
      title: escapeHtml(PAGE_TITLE),
      colour: PAGE_COLOUR,
      timeZone: escapeHtml(settings.TIME_ZONE),
      scripts: head.join("\n    "),
    });
    html.set(path, createAsset("text/html; charset=utf-8", filled));
  }
  const digest = createHash("sha256").update(map).digest("base64");
  return { html, files, version, inlineScripts: [`'sha256-${digest}'`] };
}

async function ownScripts({ folder }: Kind): Promise<[string, Asset][]> {
  const names = await readdir(new URL(folder, FOLDER));
  const scripts = names.filter((name) => name.endsWith(".js"));
  return Promise.all(
    scripts.map((name) =>
      script(`${folder}${name}`, new URL(`${folder}${name}`, FOLDER)),
    ),
  );
}

function vendorScripts(): Promise<[string, Asset][]> {
  return Promise.all(
    Object.entries(VENDOR).map(([name, url]) =>
      script(fileOf(name), new URL(url)),
    ),
  );
}

async function script(name: string, url: URL): Promise<[string, Asset]> {
  return [
    name,
    createAsset("text/javascript; charset=utf-8", await readFile(url)),
  ];
}

const fileOf = (name: string) => `${name.replace("/", "-")}.js`;

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
