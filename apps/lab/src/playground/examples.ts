// Programs to start from. Their comments stand in both languages, `// en: …` and `// zh: …`; the reader gets one.

import type { Files } from "../runner/link.ts";
import type { Language } from "../site/language.svelte.ts";
import diverge from "./examples/diverge.ts?raw";
import explain from "./examples/explain.ts?raw";
import mlp from "./examples/mlp.ts?raw";
import plotData from "./examples/plot.data.ts?raw";
import plot from "./examples/plot.ts?raw";
import tensors from "./examples/tensors.ts?raw";

export interface Example {
  readonly name: string;
  readonly title: Readonly<Record<Language, string>>;
  readonly files: Files;
}

export const examples: readonly Example[] = [
  {
    name: "tensors",
    title: { en: "Tensors and gradients", zh: "张量与梯度" },
    files: { "main.ts": tensors },
  },
  {
    name: "mlp",
    title: { en: "Train a network, compiled", zh: "编译并训练一个网络" },
    files: { "main.ts": mlp },
  },
  {
    name: "explain",
    title: { en: "What compile() makes of it", zh: "compile() 做了什么" },
    files: { "main.ts": explain },
  },
  {
    name: "plot",
    title: { en: "Plots, and several files", zh: "画图与多个文件" },
    files: { "main.ts": plot, "plot.data.ts": plotData },
  },
  {
    name: "diverge",
    title: { en: "A training that diverges", zh: "发散的训练" },
    files: { "main.ts": diverge },
  },
];

/** The files of an example with the comments of one language. */
export function filesOf(example: Example, language: Language): Files {
  return Object.fromEntries(
    Object.entries(example.files).map(([path, text]) => [path, inLanguage(text, language)]),
  );
}

function inLanguage(text: string, language: Language): string {
  return text
    .split("\n")
    .flatMap((line) => {
      const [, indent, of, comment] = /^(\s*)\/\/ (en|zh): (.*)$/.exec(line) ?? [];
      if (of === undefined) return [line];
      return of === language ? [`${indent}// ${comment}`] : [];
    })
    .join("\n");
}
