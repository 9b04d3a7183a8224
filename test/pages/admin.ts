import type { Browser, Locator, Page } from "playwright-core";
import type { Test } from "tap";
import { ADMIN_TOKEN } from "../support/admin-calls.js";
import { type PrizeRow, setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";
import { visit } from "./browser.js";

export const ADMIN_PAGE = { PAGE: "on", ADMIN_TOKEN } as const;

type Options = NonNullable<Parameters<typeof startServer>[2]> & {
  prizes?: PrizeRow[];
  visitor?: Parameters<typeof visit>[3];
};

/** A server with these prizes, and an administrator before its sign-in. */
export async function openAdmin(
  t: Test,
  browser: Browser,
  { prizes = [{ id: "MUG" }], settings, visitor, ...options }: Options = {},
) {
  const world = await createWorld(t);
  const server = await startServer(t, world, {
    settings: { ...ADMIN_PAGE, ...settings },
    ...options,
  });
  await setPrizes(world, prizes, server);
  const home = `${server.url}/admin/`;
  return {
    world,
    home,
    ...server,
    ...(await visit(t, browser, home, visitor)),
  };
}

/** Signs in and waits for the first figures. */
export async function signIn(page: Page, name = ""): Promise<void> {
  await page.getByLabel("Administrators’ token").fill(ADMIN_TOKEN);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Live", { exact: true }).waitFor();
}

/** Goes to one of the views. */
export async function turnTo(page: Page, view: string): Promise<void> {
  await page.getByRole("link", { name: view }).click();
  await page.getByRole("heading", { name: view, level: 2 }).waitFor();
}

/** A field of a prize in the table, once it is there. */
export function field(page: Page, prize: string, label: string): Locator {
  return page
    .getByRole("group", { name: prize, exact: true })
    .getByLabel(label);
}

/** The number in one of today's tiles. */
export function tile(page: Page, name: string): Locator {
  return page
    .locator(".tile", { has: page.getByText(name, { exact: true }) })
    .locator("strong");
}

/** How far the page is wider than the window, in pixels. */
export async function overflow(page: Page): Promise<number> {
  return Number(
    await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
  );
}
