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

  /** In bytes: `total` without `data`, the files named .bin. */
  async sizes(): Promise<{ total: number; data: number; files: string }> {
    const sizes = await Promise.all(
      [...this.#responses].map(async ([url, response]) => {
        const body = await response.body();
        return { name: new URL(url).pathname, bytes: Math.min(body.length, gzipSync(body).length) };
      }),
    );
    sizes.sort((a, b) => b.bytes - a.bytes);
    const files = sizes.map(({ name, bytes }) => `${String(bytes).padStart(9)}  ${name}`).join("\n");
    const isData = ({ name }: { name: string }): boolean => name.endsWith(".bin");
    const sum = (list: typeof sizes): number => list.reduce((all, { bytes }) => all + bytes, 0);
    return { total: sum(sizes.filter((each) => !isData(each))), data: sum(sizes.filter(isData)), files };
  }
}
