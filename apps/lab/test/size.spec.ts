// What the first visit to a lesson fetches.

import { Fetched } from "./fetched.ts";
import { expect, test, trained } from "./lab.ts";
import { liveLessons } from "./lessons.ts";

/** In bytes, compressed: everything until the controls can be moved. The editor comes when it is asked for. */
const limit = 400 * 1024;
/** Data of a lesson, which come after its controls. */
const dataLimit = 300 * 1024;

for (const lesson of liveLessons)
  test(`the first load of ${lesson} stays below 400 KB`, async ({ page, open }) => {
    const fetched = new Fetched(page);
    await open(`#/${lesson}`);
    await trained(page);
    const { total, data, files } = await fetched.sizes();
    expect(total, files).toBeLessThan(limit);
    expect(data, files).toBeLessThan(dataLimit);
  });
