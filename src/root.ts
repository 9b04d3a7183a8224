/** The folder that holds lua/, sql/, src/ and package.json, also when run from dist/. */
export const ROOT = new URL("../", import.meta.url);
