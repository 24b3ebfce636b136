// Which browser the tests and the measurements start.

import { existsSync } from "node:fs";
import type { LaunchOptions } from "@playwright/test";

const found =
  process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));

/** Without a path Playwright looks for its own browser. As root, as in containers, Chromium has no sandbox. */
export const launchOptions: LaunchOptions = {
  ...(found === undefined ? {} : { executablePath: found }),
  chromiumSandbox: process.getuid?.() !== 0,
};
