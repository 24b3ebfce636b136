// Linked modules to running ones: each becomes a module under a blob URL, packages stand behind stubs that
// export what is loaded already. No code is built from text in a way that a strict content policy refuses.

import type { Assets, Files, LinkedModule } from "./link.ts";
import { link } from "./link.ts";

/** Namespaces of packages by the names that programs import. */
export type Packages = Readonly<Record<string, object>>;

/** Which file a URL in a stack or a message is. */
export type Names = ReadonlyMap<string, string>;

const SHARED: unique symbol = Symbol.for("flambeau.lab.packages") as never;
const stubs = new Map<string, string>();

/**
 * Loads TypeScript files as modules and runs them.
 *
 * @param entry the path of the module whose exports are wanted
 * @param names is told the URL of every module before anything runs
 * @throws LinkError when the files are not a program; else what the program throws
 */
export async function load(
  files: Files,
  entry: string,
  packages: Packages,
  names: Map<string, string> = new Map(),
  assets: Assets = {},
): Promise<Record<string, unknown>> {
  const modules = link(files, entry, Object.keys(packages), assets);
  const urls = new Map<string, string>();
  for (const [name, namespace] of Object.entries(packages)) urls.set(name, stubOf(name, namespace));
  for (const module of modules) urls.set(module.path, blobUrl(assemble(module, urls)));
  for (const [name, url] of urls) names.set(url, name);
  const url = urls.get(entry);
  return (await import(/* @vite-ignore */ url ?? entry)) as Record<string, unknown>;
}

function assemble({ pieces, imports }: LinkedModule, urls: ReadonlyMap<string, string>): string {
  return pieces.map((piece, i) => piece + (urls.get(imports[i] ?? "") ?? "")).join("");
}

/** A module with the exports of a namespace that is loaded: programs share the framework of their worker. */
function stubOf(name: string, namespace: object): string {
  const known = stubs.get(name);
  if (known) return known;
  const shared = ((globalThis as { [SHARED]?: Record<string, object> })[SHARED] ??= {});
  shared[name] = namespace;
  const exported = Object.keys(namespace);
  const url = blobUrl(
    [
      `const shared = globalThis[Symbol.for(${JSON.stringify(SHARED.description)})][${JSON.stringify(name)}];`,
      ...exported.map((key, i) => `const v${i} = shared[${JSON.stringify(key)}];`),
      `export { ${exported.map((key, i) => `v${i} as ${key}`).join(", ")} };`,
    ].join("\n"),
  );
  stubs.set(name, url);
  return url;
}

function blobUrl(code: string): string {
  return URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
}
