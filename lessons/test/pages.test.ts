// The articles: their notebooks are those in the repository, and their cells are well typed.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { catalog } from "../catalog.ts";
import { articles, notebookText } from "../notebooks/articles.ts";
import { missingPictures } from "../notebooks/kernel.ts";
import { notebook, pieces } from "../shared/page.ts";

const all = articles(catalog.map((lesson) => lesson.name));
const read = (file: string): string => readFileSync(file, "utf8");
const code = (page: string): string[] =>
  pieces(read(page))
    .filter(({ kind }) => kind === "code")
    .map(({ source }) => source);

const page = `# Title

Text with $x$.

\`\`\`sh
npm start
\`\`\`

\`\`\`ts
const x = 1;

\`\`\`
\`\`\`ts figure
plot(x);
\`\`\`

End.
`;

describe("an article", () => {
  test("is cut into text and cells", () => {
    expect(pieces(page)).toEqual([
      { kind: "text", source: "# Title\n\nText with $x$.\n\n```sh\nnpm start\n```", figure: false },
      { kind: "code", source: "const x = 1;", figure: false },
      { kind: "code", source: "plot(x);", figure: true },
      { kind: "text", source: "End.", figure: false },
    ]);
  });

  test("becomes a notebook for Deno", () => {
    expect(notebook(page)).toMatchObject({
      cells: [
        {
          cell_type: "markdown",
          source: ["# Title\n", "\n", "Text with $x$.\n", "\n", "```sh\n", "npm start\n", "```"],
        },
        { cell_type: "code", source: ["const x = 1;"], outputs: [] },
        { cell_type: "code", source: ["plot(x);"] },
        { cell_type: "markdown" },
      ],
      metadata: { kernelspec: { name: "deno" } },
      nbformat: 4,
    });
  });

  test("links to other notebooks as a notebook", () => {
    const { cells } = notebook("See [norms](../norms/page.zh.md).") as { cells: { source: string[] }[] };
    expect(cells[0]?.source).toEqual(["See [norms](../norms/norms.zh.ipynb)."]);
  });

  test("is told of a picture that a cell did not show", () => {
    const folder = mkdtempSync(join(fileURLToPath(new URL(".", import.meta.url)), ".cells-"));
    try {
      const executed = join(folder, "a.ipynb");
      const run = (data: object): string[] => {
        const cells = pieces(page).map(({ source, figure }) => ({
          source,
          outputs: figure ? [{ data }] : [],
        }));
        writeFileSync(executed, JSON.stringify({ cells }));
        return missingPictures(page, executed);
      };
      expect(run({ "text/plain": "Figure {}" })).toEqual(["plot(x);"]);
      expect(run({ "image/svg+xml": "<svg/>" })).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.runIf(all.length > 0)("the articles", () => {
  test.for(all)("$label is up to date: else run `npm run notebooks`", ({ page, notebook }) => {
    expect(existsSync(notebook)).toBe(true);
    expect(read(notebook)).toBe(notebookText(read(page)));
  });

  test.for(all.filter(({ label }) => label.endsWith(".en.ipynb")))(
    "$label has a Chinese twin",
    ({ page }) => {
      const twin = page.replace(".en.md", ".zh.md");
      // The same cells, but for texts between quotes and comments.
      const bare = (cell: string): string =>
        cell.replace(/\/\/.*|"[^"\n]*"|`[^`]*`/g, "").replace(/\s+/g, "");
      expect(code(twin).map(bare)).toEqual(code(page).map(bare));
    },
  );

  test("all cells are well typed", () => {
    // As deep as the lessons, so that paths in cells hold.
    const folder = mkdtempSync(fileURLToPath(new URL("../.cells-", import.meta.url)));
    try {
      for (const { label, page } of all)
        writeFileSync(join(folder, label.replace(".ipynb", ".ts")), code(page).join("\n"));
      const options = {
        extends: "../../tsconfig.json",
        compilerOptions: { noUnusedLocals: false, declaration: false, isolatedDeclarations: false },
        include: ["*.ts"],
        exclude: [],
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
      const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
      const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
      expect(stdout).toBe("");
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
