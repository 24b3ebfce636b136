// What a page fetches, measured as a host sends it: text compressed by gzip, fonts as they are.

import { gzipSync } from "node:zlib";
import type { Page, Response } from "@playwright/test";

export class Fetched {
  readonly #responses = new Map<string, Response>();

  /** Of the page and its workers, from now on. */
  constructor(page: Page) {
    page.context().on("response", (response) => {
      if (response.url().startsWith("http")) this.#responses.set(response.url(), response);
    });
  }

  async sizes(): Promise<{ total: number; files: string }> {
    const sizes = await Promise.all(
      [...this.#responses].map(async ([url, response]) => {
        const body = await response.body();
        return { name: new URL(url).pathname, bytes: Math.min(body.length, gzipSync(body).length) };
      }),
    );
    sizes.sort((a, b) => b.bytes - a.bytes);
    const files = sizes.map(({ name, bytes }) => `${String(bytes).padStart(9)}  ${name}`).join("\n");
    return { total: sizes.reduce((sum, { bytes }) => sum + bytes, 0), files };
  }
}
