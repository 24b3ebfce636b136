// What the first visit to a lesson fetches.

import { Fetched } from "./fetched.ts";
import { expect, test, trained } from "./lab.ts";
import { liveLessons } from "./lessons.ts";

/** In bytes, compressed; the editor and the playground come later, when they are asked for. */
const limit = 400 * 1000;

for (const lesson of liveLessons)
  test(`the first load of ${lesson} stays below 400 KB`, async ({ page, open }) => {
    const fetched = new Fetched(page);
    await open(`#/${lesson}`);
    await trained(page);
    const { total, files } = await fetched.sizes();
    expect(total, files).toBeLessThan(limit);
  });
