// The declarations of what a program may import, as the packages publish them: the editor's language service reads them.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "tsdown";
import type { Plugin } from "vite";

const packages = { flambeau: "flambeau", "@flambeau/d2l": "d2l" } as const;
const id = "virtual:framework-types";

/** The module `virtual:framework-types`: an object of declarations by the names of packages. */
export function frameworkTypes(): Plugin {
  return {
    name: "framework-types",
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    async load(source) {
      if (source !== `\0${id}`) return undefined;
      const written = await Promise.all(
        Object.entries(packages).map(async ([name, folder]) => [name, await declarations(folder)] as const),
      );
      return `export default ${JSON.stringify(Object.fromEntries(written))};`;
    },
  };
}

async function declarations(folder: string): Promise<string> {
  const root = join(import.meta.dirname, "../../..");
  const outDir = await mkdtemp(join(tmpdir(), "flambeau-types-"));
  try {
    await build({
      config: false,
      cwd: join(root, "packages", folder),
      entry: "src/index.ts",
      outDir,
      format: "esm",
      platform: "neutral",
      deps: { neverBundle: [/^node:/] },
      dts: { emitDtsOnly: true },
      tsconfig: join(root, "tsconfig.json"),
      fixedExtension: false,
      logLevel: "error",
    });
    return await readFile(join(outDir, "index.d.ts"), "utf8");
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}
