// `npm run lab:measure`: what the built lab costs in Chromium. Size and time of the first load of each lesson, and the
// retraining rate while lambda of the weight-decay lesson is dragged from end to end.

import { chromium } from "@playwright/test";
import { launchOptions } from "./test/browser.ts";
import { Fetched } from "./test/fetched.ts";
import { liveLessons } from "./test/lessons.ts";
import { servedSite } from "./test/site.ts";

const dragMs = 4000;

const site = await servedSite();
const browser = await chromium.launch(launchOptions);
try {
  console.log("first load                  KB gzip   controls ms   trained ms");
  for (const lesson of liveLessons) {
    const page = await browser.newPage();
    const fetched = new Fetched(page);
    await page.goto(`${site.url}#/${lesson}`);
    const now = (): Promise<number> => page.evaluate(() => performance.now());
    await page.locator("section.live form").waitFor();
    const controls = await now();
    await page.locator("[data-status=done]").waitFor({ timeout: 120_000 });
    const trained = await now();
    const { total } = await fetched.sizes();
    const cells = [(total / 1000).toFixed(1), controls.toFixed(0), trained.toFixed(0)];
    console.log(lesson.padEnd(25) + cells.map((cell) => cell.padStart(10)).join("   "));
    await page.close();
  }

  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${site.url}#/weight-decay`);
  await page.locator("[data-status=done]").waitFor();
  const drag = await page.evaluate(async (ms) => {
    const live = document.querySelector<HTMLElement>("section.live")!;
    const slider = live.querySelector<HTMLInputElement>("input[type=range]")!;
    const norm = live.querySelector("[data-picture=numbers]")!;
    let pictures = 0;
    let frames = 0;
    new MutationObserver(() => {
      pictures++;
    }).observe(norm, { subtree: true, characterData: true, childList: true });
    const before = Number(live.dataset["runs"]);
    const start = performance.now();
    for (let now = start; now - start < ms; now = performance.now()) {
      // From end to end and back, once in two seconds, a new value in every frame.
      slider.value = String(5 - 5 * Math.cos(((now - start) / 1000) * Math.PI));
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      await new Promise(requestAnimationFrame);
      frames++;
    }
    const seconds = (performance.now() - start) / 1000;
    const runs = Number(live.dataset["runs"]) - before;
    return { runs: runs / seconds, pictures: pictures / seconds, frames: frames / seconds };
  }, dragMs);
  console.log("\ndragging lambda of weight decay (20 examples, 200 inputs, 400 steps a run), a second:");
  for (const [name, value] of Object.entries(drag)) console.log(`${name.padEnd(10)}${value.toFixed(1)}`);
} finally {
  await browser.close();
  await site.close();
}
