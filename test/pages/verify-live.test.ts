import t from "tap";
import { setCampaign } from "../support/set-campaign.js";
import { closeDay, DAY, setUpProof } from "../support/verifiable.js";
import { openBrowser, spin, visit } from "./browser.js";
import { checkDay, headline, over, stepsOf } from "./verify.js";

const browser = await openBrowser(t);

t.test(
  "drawn, checked by its receipt, and with the whole day when that is closed: all of it real",
  async (t) => {
    const set = await setUpProof(t, { settings: { PAGE: "on" } });
    const { world, server } = set;
    const prizes = [{ id: "CUP", probability: 0.5, daily_quota: 5 }];
    await setCampaign(world, { id: "xmas", verifiable: true }, prizes, server);
    const url = `${server.url}/?campaign=xmas`;
    const { page, errors } = await visit(t, browser, url);
    for (let n = 0; n < 12; n += 1) {
      await spin(page, `user ${n}`);
      await page.locator(".answer").waitFor();
      await page.getByRole("link", { name: "Check this draw" }).waitFor();
      if (n === 11) break;
      await page.getByRole("button", { name: "another name" }).click();
    }
    await server.scheduler.tick();
    await page.getByRole("link", { name: "Check this draw" }).click();
    await over(page);
    t.equal(
      await headline(page),
      "This draw stands in the public log, unchanged",
    );

    await page.getByRole("button", { name: /whole day/ }).click();
    await page.locator(".odds-bar").waitFor();
    t.equal(await headline(page), "So far everything held");

    await closeDay(set);
    await page.goto(`${server.url}/verify/?campaign=xmas`);
    await checkDay(page, DAY);
    t.equal(await headline(page), "Everything held");
    t.same((await stepsOf(page)).unknown, ["key", "beacon"]);
    t.same(errors, []);
  },
);
