// A lesson's article, `page.en.md` or `page.zh.md`: Markdown with formulas between $ and, fenced as ```ts, cells of code
// that run one after the other in one scope. A cell shows the value of its last line if that is an expression; one fenced as
// ```ts figure shows a picture.

/** A piece of an article: text in Markdown, or a cell of code. */
export interface Piece {
  readonly kind: "text" | "code";
  readonly source: string;
  /** Whether a cell must show a picture. */
  readonly figure: boolean;
}

/** Cuts an article into text and cells, in order; pieces of text without a word are left out. */
export function pieces(markdown: string): Piece[] {
  const found: Piece[] = [];
  const add = (kind: Piece["kind"], source: string, figure = false): void => {
    if (source.trim()) found.push({ kind, source: source.replace(/^\s*\n|\s+$/g, ""), figure });
  };
  let end = 0;
  for (const cell of markdown.matchAll(/^```ts( figure)?\n([\s\S]*?)^```$/gm)) {
    add("text", markdown.slice(end, cell.index));
    add("code", cell[2] ?? "", cell[1] !== undefined);
    end = cell.index + cell[0].length;
  }
  add("text", markdown.slice(end));
  return found;
}

/** An article as a Jupyter notebook for Deno's kernel, without outputs (nbformat 4.5). */
export function notebook(markdown: string): object {
  const lines = (text: string): string[] => text.split(/(?<=\n)/);
  // An article links to articles, a notebook to notebooks.
  const linked = (text: string): string =>
    text.replace(/\]\(\.\.\/([\w-]+)\/page\.(en|zh)\.md\)/g, "](../$1/$1.$2.ipynb)");
  return {
    cells: pieces(markdown).map(({ kind, source, figure }, i) =>
      kind === "text"
        ? { cell_type: "markdown", id: `cell-${i}`, metadata: {}, source: lines(linked(source)) }
        : {
            cell_type: "code",
            execution_count: null,
            id: `cell-${i}`,
            metadata: figure ? { tags: ["figure"] } : {},
            outputs: [],
            source: lines(source),
          },
    ),
    metadata: {
      kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
      language_info: {
        codemirror_mode: "typescript",
        file_extension: ".ts",
        mimetype: "text/x.typescript",
        name: "typescript",
        pygments_lexer: "typescript",
      },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
}
