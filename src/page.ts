import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Asset, createAsset, versionOf } from "./assets.js";
import { SetupError } from "./errors.js";
import type { Settings } from "./services.js";

/** From src and from dist alike. */
const FOLDER = new URL("../src/pages/", import.meta.url);

/** What the page imports from packages: by which name, and which of their files the browser gets. */
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
};

/** These come when they are needed; everything else the page asks for at once. */
const LATER = ["spin-wheel.js", "canvas-confetti.js"];

const BASE_STYLE = import.meta.resolve(
  "@picocss/pico/css/pico.classless.min.css",
);

const LOGO_TYPES: Record<string, string> = {
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
};

export type Page = {
  html: Asset;
  files: Map<string, Asset>;
  /** names the files' content, in their paths */
  version: string;
  /** sources that a Content-Security-Policy must allow */
  inlineScripts: string[];
};

/** Reads the page with the title, the colour and the logo of the settings. Rejects with a SetupError about the logo. */
export async function readPage(settings: Settings): Promise<Page> {
  const { PAGE_TITLE = "Lucky Draw", PAGE_COLOUR = "#c2185b" } = settings;
  const [own, vendor, css, logo, template] = await Promise.all([
    ownScripts(),
    vendorScripts(),
    style(PAGE_COLOUR),
    readLogo(settings.PAGE_LOGO),
    readFile(new URL("index.html", FOLDER), "utf8"),
  ]);
  const files = new Map([...own, ...vendor]);
  const early = [...files.keys()].filter((name) => !LATER.includes(name));
  files.set("page.css", css).set("logo", logo);

  const version = versionOf(files);
  const at = (name: string) => `/assets/${version}/${name}`;
  const imports = Object.fromEntries(
    Object.keys(VENDOR).map((name) => [name, at(fileOf(name))]),
  );
  const map = JSON.stringify({ imports });
  const scripts = [
    `<script type="importmap">${map}</script>`,
    ...early.map((name) => `<link rel="modulepreload" href="${at(name)}">`),
    `<script type="module" src="${at("page.js")}"></script>`,
  ];
  const filled = fill(template, {
    assets: `/assets/${version}`,
    title: escapeHtml(PAGE_TITLE),
    colour: PAGE_COLOUR,
    scripts: scripts.join("\n    "),
  });
  const digest = createHash("sha256").update(map).digest("base64");
  const html = createAsset("text/html; charset=utf-8", filled);
  return { html, files, version, inlineScripts: [`'sha256-${digest}'`] };
}

async function ownScripts(): Promise<[string, Asset][]> {
  const names = await readdir(FOLDER);
  const scripts = names.filter((name) => name.endsWith(".js"));
  return Promise.all(
    scripts.map((name) => script(name, new URL(name, FOLDER))),
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

/** One style sheet of three: each more would be a round trip before the first sight of the page. */
async function style(colour: string): Promise<Asset> {
  const [base, own] = await Promise.all(
    [new URL(BASE_STYLE), new URL("page.css", FOLDER)].map((url) =>
      readFile(url, "utf8"),
    ),
  );
  const theme = `:root{--colour:${colour};--on-colour:${readableOn(colour)}}`;
  return createAsset("text/css; charset=utf-8", [base, own, theme].join("\n"));
}

/** Black or white, whichever has the greater contrast by WCAG 2. */
function readableOn(colour: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05
    ? "#fff"
    : "#000";
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
