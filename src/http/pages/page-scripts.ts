import { readdir, readFile } from "node:fs/promises";
import { posix } from "node:path";
import { type Asset, createAsset } from "./assets.js";
import { FOLDER } from "./page-style.js";

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

/** The scripts of the pages in these folders and those of packages, by their paths below the assets. */
export async function readScripts(
  folders: string[],
): Promise<Map<string, Asset>> {
  const own = folders.map(async (folder) => {
    const names = await readdir(new URL(folder, FOLDER));
    return names
      .filter((name) => name.endsWith(".js"))
      .map((name) => [folder + name, new URL(folder + name, FOLDER)] as const);
  });
  const vendor = Object.entries(VENDOR).map(
    ([name, url]) => [fileOf(name), new URL(url)] as const,
  );
  const sources = [...(await Promise.all(own)).flat(), ...vendor];
  return new Map(
    await Promise.all(
      sources.map(
        async ([name, url]) =>
          [
            name,
            createAsset("text/javascript; charset=utf-8", await readFile(url)),
          ] as const,
      ),
    ),
  );
}

/** Where a browser finds the packages. */
export function importMap(at: (file: string) => string) {
  return Object.fromEntries(
    Object.keys(VENDOR).map((name) => [name, at(fileOf(name))]),
  );
}

/** A script and all that it can't start without: the browser would find out one round trip after the other. */
export function importsOf(
  name: string,
  files: Map<string, Asset>,
  found = new Set<string>(),
): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const code = files.get(name)?.body.toString() ?? "";
  for (const [, source = ""] of code.matchAll(/\bfrom ?"([^"]+)"/g)) {
    const isOwn = source.startsWith(".");
    const file = isOwn
      ? posix.join(posix.dirname(name), source)
      : fileOf(source);
    importsOf(file, files, found);
  }
  return found;
}

const fileOf = (name: string) => `${name.replace("/", "-")}.js`;
