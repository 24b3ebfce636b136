// What the tests of the lab share: the site, a page that may say nothing wrong, and questions to live parts.

import type { Locator, Page } from "@playwright/test";
import { test as base, expect } from "@playwright/test";
import type { Site } from "./site.ts";
import { servedSite } from "./site.ts";

interface Fixtures {
  /** Opens an address of the lab, such as `#/weight-decay` or `?lang=zh#/`. */
  open: (address: string) => Promise<void>;
  /** Words of the console, exceptions and requests to elsewhere; a test fails if there are some at its end. */
  troubles: string[];
}

export const test = base.extend<Fixtures, { site: Site }>({
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const site = await servedSite();
      await use(site);
      await site.close();
    },
    { scope: "worker" },
  ],
  troubles: [
    async ({ page }, use) => {
      const troubles: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
      });
      page.on("pageerror", (error) => troubles.push(String(error)));
      page.on("request", (request) => {
        const { protocol, hostname } = new URL(request.url());
        if (hostname !== "localhost" && protocol.startsWith("http"))
          troubles.push(`a request to ${request.url()}`);
      });
      await use(troubles);
      expect(troubles).toEqual([]);
    },
    { auto: true },
  ],
  open: async ({ page, site }, use) => {
    await use(async (address) => {
      // Only the fragment may differ from the last address: such a page would stay as it is.
      await page.goto("about:blank");
      await page.goto(new URL(address, site.url).href);
    });
  },
});

export { expect };

export const livePart = (page: Page): Locator => page.locator("section.live");

/** Waits until the training is done. */
export async function trained(page: Page): Promise<void> {
  await expect(livePart(page)).toHaveAttribute("data-status", "done");
}

/** The value of a row in a picture of numbers. */
export const number = (page: Page, name: string): Locator =>
  page
    .locator("[data-kind=numbers] tr")
    .filter({ has: page.getByRole("rowheader", { name }) })
    .locator("td");

/** Opens the table below a picture, and gives the numbers of its last row. */
export async function lastRow(page: Page, picture: string): Promise<number[]> {
  const figure = page.locator(`[data-picture="${picture}"]`);
  await figure.locator("summary").click();
  const cells = figure.locator("tbody tr:last-child").locator("th, td");
  return (await cells.allTextContents()).map(Number);
}
