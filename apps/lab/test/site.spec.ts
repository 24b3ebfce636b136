// The lab around the lessons: every lesson opens and trains, languages, colours, widths, hosts, accessibility.

import AxeBuilder from "@axe-core/playwright";
import { expect, livePart, number, test, trained } from "./lab.ts";
import { liveLessons as lessons } from "./lessons.ts";
import { plainSite } from "./site.ts";

const addresses = ["#/", ...lessons.map((lesson) => `#/${lesson}`)];

for (const lesson of lessons) {
  test(`${lesson} opens, trains and shows numbers`, async ({ page, open }) => {
    await open(`#/${lesson}`);
    await trained(page);
    await expect(page.getByRole("alert")).toHaveCount(0);
    const figures = page.locator("[data-picture]");
    expect(await figures.count()).toBeGreaterThan(0);
    for (const figure of await figures.all()) {
      const kind = await figure.getAttribute("data-kind");
      if (kind === "text") continue;
      if (kind !== "numbers") await figure.locator("summary").click();
      expect(await figure.locator("tbody tr").count()).toBeGreaterThan(0);
      expect(await figure.locator("tbody").textContent()).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
}

test("the front page leads to the lessons and back", async ({ page, open }) => {
  await open("#/");
  for (const lesson of lessons) await expect(page.locator(`main a[href="#/${lesson}"]`)).toBeVisible();
  await page.locator('main a[href="#/weight-decay"]').click();
  await expect(livePart(page)).toBeVisible();
  await page.goBack();
  await expect(livePart(page)).toHaveCount(0);
});

test("an address that leads nowhere says so", async ({ page, open }) => {
  await open("#/nothing-here");
  await expect(page.getByRole("main")).toContainText("There is no such page");
});

test("switches to Chinese, stays so, and links carry the language", async ({ page, open, site }) => {
  await open("#/weight-decay");
  await trained(page);
  await page.getByRole("button", { name: "中文" }).click();
  const html = page.locator("html");
  await expect(html).toHaveAttribute("lang", "zh-Hans");
  await expect(page.getByLabel("惩罚系数 λ")).toBeVisible();
  await expect(number(page, "‖w‖₂，无惩罚")).toHaveText("13.6619");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/[\u4e00-\u9fff]/);
  expect(page.url()).toContain("lang=zh");
  await page.goto(site.url);
  await expect(html).toHaveAttribute("lang", "zh-Hans");
  await open("?lang=en#/weight-decay");
  await expect(html).toHaveAttribute("lang", "en");
  await expect(page.getByLabel("Penalty λ")).toBeVisible();
});

test("colours follow the system until the reader chooses", async ({ page, open }) => {
  const html = page.locator("html");
  await open("#/weight-decay");
  await expect(html).toHaveAttribute("data-theme", "light");
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(html).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Light colours" }).click();
  await expect(html).toHaveAttribute("data-theme", "light");
  await page.reload();
  await expect(html).toHaveAttribute("data-theme", "light");
});

test("fits a phone", async ({ page, open }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const address of addresses) {
    await open(address);
    if (address !== "#/") await trained(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  }
});

test("a worker that cannot start is said in words, and starts when asked again", async ({
  page,
  open,
  troubles,
}) => {
  await page.route("**/worker-*.js", (route) => route.abort());
  await open("#/weight-decay");
  await expect(page.getByRole("alert")).toContainText("stopped with an error");
  await page.unroute("**/worker-*.js");
  await page.getByRole("button", { name: "Start again" }).click();
  await trained(page);
  await expect(number(page, "‖w‖₂, λ = 3")).toHaveText("0.3550");
  // The browser's own words about the request that this test refused.
  expect(troubles.splice(0).filter((text) => !text.includes("ERR_FAILED"))).toEqual([]);
});

test("works from a folder of a host that sets no headers, on one thread", async ({ page }) => {
  const plain = await plainSite();
  await page.goto(`${plain.url}#/weight-decay`);
  await trained(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await expect(number(page, "‖w‖₂, λ = 3")).toHaveText("0.3550");
  await plain.close();
});

test("is isolated as npm run lab serves it, so that threads can share memory", async ({ page, open }) => {
  await open("#/");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

for (const address of addresses)
  test(`${address} has no serious accessibility finding, in both languages and themes`, async ({
    page,
    open,
  }) => {
    test.slow();
    // Colours do not depend on the language; on a lesson's long page each is looked at once.
    for (const language of ["en", "zh"]) {
      await open(`?lang=${language}${address}`);
      if (address !== "#/") await trained(page);
      const schemes =
        address === "#/" ? (["light", "dark"] as const) : ([language === "en" ? "light" : "dark"] as const);
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme });
        await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
        // Of a formula, MathML is read; the thousands of boxes that show it are hidden from readers.
        const { violations } = await new AxeBuilder({ page }).exclude(".katex-html").analyze();
        const serious = violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes.map((node) => node.html).join(" ")}`);
        expect(serious).toEqual([]);
      }
    }
  });
