// Editors in tests: the plain one, unless a test is about Monaco, which takes seconds to load.

import type { Page } from "@playwright/test";

/** Pages opened from now on show the plain editor. */
export async function plainEditor(page: Page): Promise<void> {
  await page.addInitScript(() => {
    // The empty page between two addresses has no storage.
    if (location.protocol.startsWith("http")) localStorage.setItem("flambeau.plain-editor", "yes");
  });
}
