// What the editor knows of TypeScript: strict settings, the declarations of the framework, workers of this origin.

import declarations from "virtual:framework-types";
import type { editor } from "monaco-editor/editor/editor.api.js";
import EditorWorker from "monaco-editor/editor/editor.worker.js?worker";
import {
  getTypeScriptWorker,
  typescriptDefaults,
} from "monaco-editor/languages/features/typescript/register.js";
import TypeScriptWorker from "monaco-editor/languages/features/typescript/ts.worker.js?worker";
import { declarationOf } from "./json.ts";
import type { Problem } from "./types.ts";

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
  allowArbitraryExtensions: true,
  isolatedModules: true,
  skipLibCheck: true,
  noEmit: true,
});
typescriptDefaults.setDiagnosticsOptions({ noSuggestionDiagnostics: true });
typescriptDefaults.setEagerModelSync(true);

/** Makes files known to the language service that are read by it, not edited; no others are from then on. */
export function setLibraries(files: Readonly<Record<string, string>>): void {
  typescriptDefaults.setExtraLibs(
    Object.entries(declarations).map(([name, content]) => ({
      content,
      filePath: `file:///node_modules/${name}/index.d.ts`,
    })),
  );
  for (const [path, text] of Object.entries(files)) tellFile(path, text);
}

/** Makes one more file known, or what it holds now. The service reads TypeScript; of JSON it gets the type. */
export function tellFile(path: string, text: string): void {
  const json = /^(.*)\.json$/.exec(path)?.[1];
  if (json === undefined) typescriptDefaults.addExtraLib(text, `file:///${path}`);
  else typescriptDefaults.addExtraLib(declarationOf(text), `file:///${json}.d.json.ts`);
}

/** Type and syntax errors of all files, the latter first. */
export async function problemsOf(models: ReadonlyMap<string, editor.ITextModel>): Promise<Problem[]> {
  const uris = [...models.values()].map((model) => model.uri);
  const service = await (await getTypeScriptWorker())(...uris);
  const found: Problem[] = [];
  for (const [path, model] of models) {
    if (!path.endsWith(".ts")) continue;
    const uri = model.uri.toString();
    const [syntax, types] = await Promise.all([
      service.getSyntacticDiagnostics(uri),
      service.getSemanticDiagnostics(uri),
    ]);
    if (model.isDisposed()) continue;
    for (const { start, messageText, category } of [...syntax, ...types]) {
      if (category !== ERROR) continue;
      const line = model.getPositionAt(start ?? 0).lineNumber;
      found.push({
        path,
        line,
        message: flat(messageText),
        syntax: syntax.some((each) => each.start === start),
      });
    }
  }
  return found.sort((a, b) => Number(b.syntax) - Number(a.syntax));
}

/** TypeScript's own number. */
const ERROR = 1;

type Message = string | { readonly messageText: string; readonly next?: readonly Message[] | undefined };

function flat(message: Message, indent = ""): string {
  if (typeof message === "string") return indent + message;
  return [
    indent + message.messageText,
    ...(message.next ?? []).map((next) => flat(next, `${indent}  `)),
  ].join("\n");
}
