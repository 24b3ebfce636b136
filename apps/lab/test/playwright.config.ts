// The lab in a browser: Debian's Chromium, or the one that CHROMIUM names, or Playwright's own if neither is there.

import type { PlaywrightTestConfig } from "@playwright/test";
import { defineConfig } from "@playwright/test";
import { launchOptions } from "./browser.ts";

const config: PlaywrightTestConfig = defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../test-results",
  // Training needs the cores itself.
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 20_000 },
  reporter: process.env["CI"] ? "line" : "list",
  use: {
    launchOptions,
    viewport: { width: 1280, height: 900 },
    locale: "en-US",
    colorScheme: "light",
    trace: "retain-on-failure",
  },
});

export default config;
