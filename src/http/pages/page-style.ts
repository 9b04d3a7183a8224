import { readFile } from "node:fs/promises";
import { ROOT } from "../../root.js";
import { type Asset, createAsset } from "./assets.js";

/** The pages' own files, from src and from dist alike. */
export const FOLDER = new URL("src/pages/", ROOT);

const BASE_STYLE = import.meta.resolve(
  "@picocss/pico/css/pico.classless.min.css",
);

/**
 * The style of the page in a folder of FOLDER, with those of packages that it needs: one sheet, as each more would be a
 * round trip before the first sight of the page.
 */
export async function readStyle(
  folder: string,
  packages: string[],
  colour: string,
): Promise<Asset> {
  const sheets = await Promise.all(
    [
      BASE_STYLE,
      ...packages,
      new URL("base.css", FOLDER),
      new URL(`${folder}page.css`, FOLDER),
    ].map((url) => readFile(new URL(url), "utf8")),
  );
  const theme = `:root{--colour:${colour};--on-colour:${readableOn(colour)}}`;
  return createAsset("text/css; charset=utf-8", [...sheets, theme].join("\n"));
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
