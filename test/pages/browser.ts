import axe from "axe-core";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import type { Owner } from "../support/owner.js";
import { CHROMIUM } from "./chromium.js";

export const PHONE = { width: 360, height: 640 };
export const TABLET = { width: 820, height: 1180 };
export const DESKTOP = { width: 1280, height: 800 };

/** A browser that ends with its owner. `args`: more of Chromium's own. */
export async function openBrowser(
  t: Owner,
  args: string[] = [],
): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    // Chromium's sandbox refuses to run as root, as continuous integration does.
    args: [...args, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
  t.teardown(() => browser.close());
  return browser;
}

/** Somebody with a browser profile of their own. */
export type Visitor = {
  context: BrowserContext;
  page: Page;
  /** scripts that failed and rules of the Content-Security-Policy that were broken, on all of the visitor's tabs */
  errors: string[];
  /** The page once more, beside the others. */
  openTab(): Promise<Page>;
};

/** Opens the page as a phone's user who wants no animation; `options` change that. */
export async function visit(
  t: Owner,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: PHONE,
    reducedMotion: "reduce",
    ...options,
  });
  t.teardown(() => context.close());
  const errors: string[] = [];
  context.on("weberror", (error) => errors.push(String(error.error())));
  context.on("console", (line) => {
    // A 400 is an answer, though the browser's console calls it an error.
    const isAnswer = line.text().startsWith("Failed to load resource");
    if (line.type() === "error" && !isAnswer) errors.push(line.text());
  });
  const openTab = async () => {
    const page = await context.newPage();
    await page.goto(url);
    await page
      .getByLabel("Your name")
      .or(page.locator(".answer"))
      .or(page.locator(".ways"))
      .waitFor();
    return page;
  };
  return { context, page: await openTab(), errors, openTab };
}

/** Types a name and spins. */
export async function spin(page: Page, name: string): Promise<void> {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Spin" }).click();
}

/** Waits for the heading of an answer. */
export async function answered(page: Page, heading: string): Promise<void> {
  await page.getByRole("heading", { name: heading, level: 2 }).waitFor();
}

/** Enters a phone number and redeems. */
export async function redeem(page: Page, phone: string): Promise<void> {
  await page.getByLabel("Phone number").fill(phone);
  await page.getByRole("button", { name: "Redeem" }).click();
}

/** Waits until a text is seen. */
export async function seen(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor();
}

/** What axe finds wrong with the page as it stands, each with where. */
export async function flaws(page: Page): Promise<string[]> {
  // By way of the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(),
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html}`),
  );
}
