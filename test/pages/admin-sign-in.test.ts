import t from "tap";
import { ADMIN_TOKEN } from "../support/admin-calls.js";
import { startProcess } from "../support/server-process.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";
import { ADMIN_PAGE, openAdmin, signIn } from "./admin.js";
import { flaws, openBrowser, seen, visit } from "./browser.js";

const browser = await openBrowser(t);

t.test("the administrators' token, and no other, lets in", async (t) => {
  const { page, errors } = await openAdmin(t, browser);
  t.same(await flaws(page), []);
  for (const wrong of [`${ADMIN_TOKEN}x`, "tökén", "two words"]) {
    await page.getByLabel("Administrators’ token").fill(wrong);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("#token-mistake:not(:empty)").waitFor();
    await page.locator("button:not([aria-busy])").waitFor();
    t.equal(
      await page.locator("#token-mistake").textContent(),
      "This is not the administrators’ token.",
    );
    t.equal(await page.evaluate("document.activeElement.id"), "token");
    t.equal(await page.evaluate("sessionStorage.length"), 0);
  }
  t.same(await flaws(page), []);
  await signIn(page);
  t.same(errors, []);
});

t.test("kept for the tab only, until the sign-out", async (t) => {
  const lines: string[] = [];
  const logged = (line: string) => lines.push(line);
  const { page, openTab, errors, context, home } = await openAdmin(t, browser, {
    logged,
  });
  const urls: string[] = [];
  context.on("request", (request) => urls.push(request.url()));
  await signIn(page, "Ann");
  await page.reload();
  await page.getByText("Live", { exact: true }).waitFor();
  t.equal(await page.evaluate("localStorage.length"), 0);

  const other = await openTab();
  t.equal(await other.getByLabel("Administrators’ token").count(), 1);

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Administrators’ token").waitFor();
  t.equal(await page.evaluate("sessionStorage.length"), 0);
  await page.reload();
  await page.getByLabel("Administrators’ token").waitFor();

  t.equal(page.url(), home);
  t.ok(urls.some((url) => url.endsWith("/admin/live")));
  t.notMatch(urls.join("\n"), ADMIN_TOKEN);
  t.ok(lines.length > 0);
  t.notMatch(lines.join("\n"), ADMIN_TOKEN);
  t.notMatch(JSON.stringify(await context.cookies()), ADMIN_TOKEN);
  t.same(errors, []);
});

t.test("a token that no longer counts ends the session", async (t) => {
  const world = await createWorld(t);
  const first = await startProcess(t, world, ADMIN_PAGE);
  const { page, errors } = await visit(t, browser, `${first.url}/admin/`);
  await signIn(page);
  await first.end("SIGTERM");
  await seen(page, "Connection lost; trying again…");
  await startProcess(t, world, {
    ...ADMIN_PAGE,
    ADMIN_TOKEN: ADMIN_TOKEN.replace("0", "z"),
    PORT: new URL(first.url).port,
  });
  await seen(page, "The token does not count any more.");
  t.equal(await page.evaluate("sessionStorage.length"), 0);
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test("only with PAGE=on and ADMIN_TOKEN", async (t) => {
  const world = await createWorld(t);
  const on = await startServer(t, world, { settings: ADMIN_PAGE });
  const answer = await fetch(`${on.url}/admin/`);
  t.equal(answer.status, 200);
  const policy = answer.headers.get("content-security-policy") ?? "";
  t.match(
    policy,
    /^default-src 'none';script-src 'self'(?: 'sha256-[\w+/]+='){2};/,
  );
  t.notMatch(policy, "unsafe");
  t.notMatch(await answer.text(), ADMIN_TOKEN);
  const slashless = await fetch(`${on.url}/admin`, { redirect: "manual" });
  t.equal(slashless.status, 308);
  t.equal(slashless.headers.get("location"), "admin/");
  await on.close();

  for (const off of [
    { PAGE: "on" } as const,
    { PAGE: "off", ADMIN_TOKEN } as const,
  ]) {
    const { url, close } = await startServer(t, world, { settings: off });
    for (const path of ["/admin/", "/admin", "/assets/0/admin/page.js"]) {
      const answer = await fetch(url + path);
      t.equal(answer.status, 404, path);
      t.match(await answer.json(), { code: "NOT_FOUND" });
    }
    await close();
  }
});
