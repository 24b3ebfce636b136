// Articles at build time: lessons/NAME/page.LANG.md becomes a module. `?head` is its title and first paragraph, for lists;
// `?article` the whole as HTML, formulas set by KaTeX, code coloured by classes of Shiki's variables.

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
  /** The first paragraph, without formatting. */
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

async function renderer(): Promise<MarkdownIt> {
  const theme = createCssVariablesTheme({ variablePrefix: "--code-" });
  const shiki = await createHighlighter({ themes: [theme], langs: ["typescript", "python", "shellscript"] });
  const md = new MarkdownIt({
    linkify: false,
    highlight: (code, language) =>
      shiki.getLoadedLanguages().includes(language)
        ? shiki.codeToHtml(code, { lang: language, theme: theme.name ?? "" })
        : "",
  });
  // Wide tables scroll by themselves, by keys too.
  md.renderer.rules["table_open"] = () => '<div class="table" tabindex="0"><table>';
  md.renderer.rules["table_close"] = () => "</table></div>";
  md.use(cjkFriendly);
  md.use(cjkBreaks);
  md.use(tex, {
    render: (formula: string, displayMode: boolean) =>
      katex.renderToString(formula, {
        displayMode,
        throwOnError: true,
        strict: "error",
        output: "htmlAndMathml",
      }),
  });
  return md;
}

/** The article of a Markdown text: a first-level heading, then paragraphs. */
export function articleOf(md: MarkdownIt, text: string): Article {
  const tokens = md.parse(text, {});
  const heading = tokens.findIndex((token) => token.type === "heading_open" && token.tag === "h1");
  if (heading !== 0) throw new Error("an article starts with its title: # Title");
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
  return {
    title: plain(heading + 1),
    summary: paragraph < 0 ? "" : plain(paragraph + 1),
    headings,
    html: md.renderer.render(tokens.slice(heading + 3), md.options, {}),
  };
}

/** KaTeX offers each font in three forms for browsers of ten years; the newest does. */
function newestFonts(css: string): string {
  return css.replace(/(src:url\([^)]*\.woff2\) format\("woff2"\))[^}]*/g, "$1");
}

export function articles(): Plugin {
  let md: Promise<MarkdownIt> | undefined;
  return {
    name: "articles",
    enforce: "pre",
    transform(code, id) {
      return /\/katex\.min\.css/.test(id) ? { code: newestFonts(code), map: null } : null;
    },
    async load(id) {
      const [, file, part] = /^(.*\.md)\?(head|article)$/.exec(id) ?? [];
      if (!file) return null;
      this.addWatchFile(file);
      md ??= renderer();
      try {
        const { title, summary, ...body } = articleOf(await md, await readFile(file, "utf8"));
        const value = part === "head" ? { title, summary } : { title, summary, ...body };
        return { code: `export default ${JSON.stringify(value)};`, map: null };
      } catch (error) {
        throw new Error(`${file}: ${error instanceof Error ? error.message : error}`);
      }
    },
  };
}
