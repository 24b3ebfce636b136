// What the editor knows of TypeScript: strict settings, the declarations of the framework, workers of this origin.

import declarations from "virtual:framework-types";
import EditorWorker from "monaco-editor/editor/editor.worker.js?worker";
import { typescriptDefaults } from "monaco-editor/languages/features/typescript/register.js";
import TypeScriptWorker from "monaco-editor/languages/features/typescript/ts.worker.js?worker";

/** TypeScript's own numbers; Monaco's enumerations end earlier. */
const esnext = 99;
const bundler = 100 as number;
/** Every file is a module. */
const force = 3;

(globalThis as { MonacoEnvironment?: unknown }).MonacoEnvironment = {
  getWorker: (_: string, label: string): Worker =>
    label === "typescript" ? new TypeScriptWorker() : new EditorWorker(),
};

typescriptDefaults.setCompilerOptions({
  target: esnext,
  module: esnext,
  moduleResolution: bundler,
  moduleDetection: force,
  // A program runs in a worker, as the lessons do.
  lib: ["lib.esnext.d.ts", "lib.webworker.d.ts"],
  types: [],
  strict: true,
  noFallthroughCasesInSwitch: true,
  noImplicitOverride: true,
  noUncheckedIndexedAccess: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  isolatedModules: true,
  skipLibCheck: true,
  noEmit: true,
});
typescriptDefaults.setDiagnosticsOptions({ noSuggestionDiagnostics: true });
typescriptDefaults.setEagerModelSync(true);

/** Makes more files known to the language service: read by it, not edited. */
export function setLibraries(files: Readonly<Record<string, string>>): void {
  typescriptDefaults.setExtraLibs([
    ...Object.entries(declarations).map(([name, content]) => ({
      content,
      filePath: `file:///node_modules/${name}/index.d.ts`,
    })),
    // The service resolves no file of JSON, though programs may import one.
    {
      content: 'declare module "*.json" { const value: unknown; export default value; }',
      filePath: "file:///json.d.ts",
    },
    ...Object.entries(files).map(([path, content]) => ({ content, filePath: `file:///${path}` })),
  ]);
}
