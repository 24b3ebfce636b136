// Articles at build time: lessons/NAME/page.LANG.md becomes a module. `?head` is its title and first sentences, for lists;
// `?article` the whole as HTML, formulas set by KaTeX, code coloured by Shiki in the page's colours.

import { readFile } from "node:fs/promises";
import { tex } from "@mdit/plugin-tex";
import katex from "katex";
import MarkdownIt from "markdown-it";
import cjkBreaks from "markdown-it-cjk-breaks";
import cjkFriendly from "markdown-it-cjk-friendly";
import { createCssVariablesTheme, createHighlighter } from "shiki";
import type { Plugin } from "vite";

/** What a list shows of an article. */
export interface Head {
  readonly title: string;
  /** The first sentences, without formatting. */
  readonly summary: string;
}

/** A second-level heading of an article. */
export interface Heading {
  readonly id: string;
  readonly text: string;
}

/** A whole article. */
export interface Article extends Head {
  readonly headings: readonly Heading[];
  /** The text below the title. */
  readonly html: string;
}

/** Characters that formulas of the articles show. */
export const formulaCharacters: Set<string> = new Set();

/** A formula as HTML, with MathML for screen readers. */
function formula(text: string, displayMode: boolean): string {
  const options = { displayMode, throwOnError: true, strict: "error" } as const;
  const seen = katex.renderToString(text, { ...options, output: "html" });
  for (const [, part = ""] of seen.matchAll(/>([^<]+)</g))
    for (const character of part) formulaCharacters.add(character);
  return katex.renderToString(text, { ...options, output: "htmlAndMathml" });
}

async function renderer(): Promise<MarkdownIt> {
  const theme = createCssVariablesTheme({ variablePrefix: "--code-" });
  const shiki = await createHighlighter({ themes: [theme], langs: ["typescript", "python", "shellscript"] });
  const md = new MarkdownIt({
    highlight: (code, language) =>
      shiki.getLoadedLanguages().includes(language)
        ? shiki.codeToHtml(code, { lang: language, theme: theme.name ?? "" })
        : "",
  });
  md.use(cjkFriendly);
  md.use(cjkBreaks);
  md.use(tex, { render: formula });
  // Files link to files, pages to pages.
  md.renderer.rules["link_open"] = (tokens, at, options, _, self) => {
    const target = tokens[at]?.attrGet("href")?.replace(/^\.\.\/([\w-]+)\/page\.(?:en|zh)\.md$/, "#/$1");
    if (target !== undefined) tokens[at]?.attrSet("href", target);
    return self.renderToken(tokens, at, options);
  };
  // Wide tables scroll by themselves, by keys too.
  md.renderer.rules["table_open"] = () => '<div class="table" tabindex="0"><table>';
  md.renderer.rules["table_close"] = () => "</table></div>";
  return md;
}

const mostWide = 190;

/** As many whole sentences as a list has room for; a Chinese character takes that of two letters. */
function firstSentences(text: string): string {
  let wide = 0;
  const sentences = text.match(/.+?(?:[.?!](?=\s|$)\s*|[。？！]|$)/g) ?? [];
  const fitting = sentences.filter((sentence) => {
    wide += sentence.length + (sentence.match(/[\u2e80-\uffef]/g)?.length ?? 0);
    return wide <= mostWide;
  });
  return (fitting.length > 0 ? fitting.join("") : (sentences[0] ?? "")).trim();
}

let shared: Promise<MarkdownIt> | undefined;
const known = new Map<string, Article>();

/**
 * The article of a Markdown text.
 * @throws Error if it does not begin with a first-level heading, or a formula is wrong
 */
export async function articleOf(text: string): Promise<Article> {
  const before = known.get(text);
  if (before) return before;
  shared ??= renderer();
  const md = await shared;
  const tokens = md.parse(text, {});
  if (tokens[0]?.type !== "heading_open" || tokens[0].tag !== "h1")
    throw new Error("an article starts with its title: # Title");
  const plain = (at: number): string =>
    (tokens[at]?.children ?? []).map((token) => (token.type === "softbreak" ? " " : token.content)).join("");
  const paragraph = tokens.findIndex((token) => token.type === "paragraph_open");
  const headings: Heading[] = [];
  for (const [at, token] of tokens.entries())
    if (token.type === "heading_open" && token.tag === "h2") {
      const id = `section-${headings.length + 1}`;
      token.attrSet("id", id);
      headings.push({ id, text: plain(at + 1) });
    }
  const article = {
    title: plain(1),
    summary: paragraph < 0 ? "" : firstSentences(plain(paragraph + 1)),
    headings,
    html: md.renderer.render(tokens.slice(3), md.options, {}),
  };
  known.set(text, article);
  return article;
}

/** The article of a file. */
export async function articleIn(file: string): Promise<Article> {
  try {
    return await articleOf(await readFile(file, "utf8"));
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

export function articles(): Plugin {
  return {
    name: "articles",
    async load(id) {
      const [, file, part] = /^(.*\.md)\?(head|article)$/.exec(id) ?? [];
      if (!file) return null;
      this.addWatchFile(file);
      const { title, summary, ...body } = await articleIn(file);
      const value = part === "head" ? { title, summary } : { title, summary, ...body };
      return { code: `export default ${JSON.stringify(value)};`, map: null };
    },
  };
}
