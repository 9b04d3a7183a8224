import type { Browser, Page } from "playwright-core";
import type { Test } from "tap";
import { type Days, serveDays } from "../support/serve-days.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";
import { visit } from "./browser.js";

/** The page that checks these days, and somebody who looks at it. */
export async function openVerify(
  t: Test,
  browser: Browser,
  days: Days,
  { path = "/verify/", visitor = {} } = {},
) {
  const world = await createWorld(t);
  const server = await startServer(t, world, { settings: { PAGE: "on" } });
  const url = await serveDays(t, server.url, days);
  const seen = await visit(t, browser, url + path, visitor);
  return { ...server, world, home: url, ...seen };
}

/** Picks a day and waits until it is checked. */
export async function checkDay(page: Page, day: string): Promise<void> {
  await page.locator("#day").selectOption(day);
  await page.getByRole("button", { name: "Check this day" }).click();
  await over(page);
}

/** Pastes a receipt and waits until it is checked. */
export async function checkReceipt(page: Page, receipt: unknown) {
  const field = page.getByLabel("Paste it, or drop its file here");
  await field.fill(JSON.stringify(receipt));
  await page.getByRole("button", { name: "Check this draw" }).click();
  await over(page);
}

/** Waits until a check has come to its end. */
export async function over(page: Page): Promise<void> {
  await page.locator(".verdict").waitFor();
  await page.locator(".verdict progress").waitFor({ state: "detached" });
}

export const headline = (page: Page) =>
  page.locator("#verdict").innerText({ timeout: 5_000 });

/** The steps by how they stand: `held`, `wrong`, … */
export async function stepsOf(page: Page): Promise<Record<string, string[]>> {
  const steps: Record<string, string[]> = {};
  for (const item of await page.locator(".steps > li").all()) {
    const state = (await item.getAttribute("class")) ?? "";
    const id = (await item.getAttribute("data-step")) ?? "";
    steps[state] = [...(steps[state] ?? []), id];
  }
  return steps;
}

/** What is said where a step is wrong. */
export const saidOf = (page: Page, step: string) =>
  page.locator(`[data-step=${step}]`).innerText();
