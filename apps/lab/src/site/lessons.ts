// The lessons there are: their titles (loaded with the page), articles (loaded when opened) and whether they have a live part.

import { catalog } from "../../../../lessons/catalog.ts";
import type { Article, Head } from "../../build/articles.ts";
import type { Language } from "./language.svelte.ts";

const heads = import.meta.glob<Head>("../../../../lessons/*/page.*.md", {
  query: "?head",
  eager: true,
  import: "default",
});
const bodies = import.meta.glob<Article>("../../../../lessons/*/page.*.md", {
  query: "?article",
  import: "default",
});
/** Keys only: the modules themselves belong to the worker. */
const lives = Object.keys(import.meta.glob("../../../../lessons/*/live.ts"));

const pathOf = (name: string, file: string): string => `../../../../lessons/${name}/${file}`;

/** Whether a lesson trains in the page. */
export const isLive = (name: string): boolean => lives.includes(pathOf(name, "live.ts"));

/** Names of the lessons, in the order of reading. */
export const lessons: readonly string[] = catalog
  .map(({ name }) => name)
  .filter((name) => pathOf(name, "page.en.md") in heads || isLive(name));

/** Title and summary of a lesson. */
export function headOf(name: string, language: Language): Head {
  return heads[pathOf(name, `page.${language}.md`)] ?? { title: name, summary: "" };
}

/** The article of a lesson. */
export function articleOf(name: string, language: Language): Promise<Article> {
  const load = bodies[pathOf(name, `page.${language}.md`)];
  return load ? load() : Promise.reject(new Error(`no page of ${name} in ${language}`));
}
