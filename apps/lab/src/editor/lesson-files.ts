// The files of a lesson's live part: those it is made of, which the reader may change, and those it only uses.

import type { Files } from "../runner/link.ts";

const top = "../../../../";
const sources: Readonly<Record<string, () => Promise<string>>> = {
  ...import.meta.glob<string>(["../../../../lessons/*.ts", "../../../../lessons/*/*.ts", "!**/test/**"], {
    query: "?raw",
    import: "default",
  }),
  // The table that a lesson imports; patterns leave such folders out.
  [`${top}node_modules/vega-datasets/data/cars.json`]: async () =>
    (await import("../../../../node_modules/vega-datasets/data/cars.json?raw")).default,
};

export interface LessonFiles {
  /** Files of the lesson's folder by name, `live.ts` first. */
  readonly own: Files;
  /** What they import from beside it, by path from the top. */
  readonly used: Files;
}

/** Follows the imports of `lessons/NAME/live.ts`. */
export async function filesOfLesson(name: string): Promise<LessonFiles> {
  const folder = `lessons/${name}/`;
  const found = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    const load = sources[top + path];
    if (!load || found.has(path)) return;
    found.set(path, "");
    const text = await load();
    found.set(path, text);
    const imports = [...text.matchAll(/(?:from|import)\s*\(?"(\.{1,2}\/[^"]+)"/g)];
    for (const [, relative = ""] of imports)
      await visit(new URL(relative, `file:///${path}`).pathname.slice(1));
  };
  await visit(`${folder}live.ts`);
  const own = [...found].filter(([path]) => path.startsWith(folder));
  const used = [...found].filter(([path]) => !path.startsWith(folder));
  return {
    own: Object.fromEntries(own.map(([path, text]) => [path.slice(folder.length), text])),
    used: Object.fromEntries(used),
  };
}
