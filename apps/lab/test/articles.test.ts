// Markdown to articles.

import { describe, expect, it } from "vitest";
import { articleOf } from "../build/articles.ts";

describe("articleOf", () => {
  it("takes title and summary from the text, and numbers the sections", async () => {
    const article = await articleOf("# Weight *decay*\n\nA first\nparagraph.\n\n## One\n\n## Two\n");
    expect(article).toMatchObject({
      title: "Weight decay",
      summary: "A first paragraph.",
      headings: [
        { id: "section-1", text: "One" },
        { id: "section-2", text: "Two" },
      ],
    });
    expect(article.html).toContain('<h2 id="section-1">One</h2>');
    expect(article.html).not.toContain("<h1>");
  });
  it("sets formulas, beside Chinese characters too, with MathML for screen readers", async () => {
    const { html } = await articleOf("# 题\n\n权重$w$的范数：\n\n$$\\|w\\|_2$$\n");
    expect(html.match(/class="katex"/g)).toHaveLength(2);
    expect(html).toContain("<math");
    expect(html).toContain("katex-display");
  });
  it("joins lines of Chinese without a space, and sees emphasis beside its punctuation", async () => {
    const { html } = await articleOf("# 题\n\n第一行，\n第二行。**注意：**后面\n");
    expect(html).toContain("第一行，第二行。<strong>注意：</strong>后面");
  });
  it("colours code by variables of the page", async () => {
    const { html } = await articleOf("# T\n\n```ts\nconst x = 1;\n```\n");
    expect(html).toContain("var(--code-token-keyword)");
  });
  it("links to the pages of other articles", async () => {
    const { html } = await articleOf(
      "# A\n\nSee [norms](../norms-and-capacity/page.zh.md), [book](https://d2l.ai).",
    );
    expect(html).toContain('href="#/norms-and-capacity"');
    expect(html).toContain('href="https://d2l.ai"');
  });

  it("refuses an article without a title, and a wrong formula", async () => {
    await expect(articleOf("Text first.\n")).rejects.toThrow("starts with its title");
    await expect(articleOf("# T\n\n$\\nosuch$\n")).rejects.toThrow("nosuch");
  });
});
