// Where the articles and their notebooks are, and a notebook's text.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { notebook } from "../shared/page.ts";

/** An article, and the notebook made from it. */
export interface Article {
  readonly label: string;
  readonly page: string;
  readonly notebook: string;
}

/** The articles of the lessons named, in both languages. */
export function articles(names: readonly string[]): Article[] {
  const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
  return names
    .flatMap((name) =>
      ["en", "zh"].map((lang): Article => {
        const label = `${name}.${lang}.ipynb`;
        return { label, page: path(`${name}/page.${lang}.md`), notebook: path(`${name}/${label}`) };
      }),
    )
    .filter(({ page }) => existsSync(page));
}

/** The notebook of an article as the file holds it. */
export const notebookText = (markdown: string): string => `${JSON.stringify(notebook(markdown), null, 1)}\n`;
