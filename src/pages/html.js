import htm from "htm";
import { h } from "preact";

/** Markup in tagged templates. Values become text or attributes, never markup. */
export const html = htm.bind(h);
