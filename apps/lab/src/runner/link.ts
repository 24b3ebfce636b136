// TypeScript files to JavaScript modules that know each other: types stripped, imports found, nothing run.
// Lines stay where they are, so a line of a stack is a line of the source.

import { parse } from "es-module-lexer/js";
import { transform } from "sucrase";

/** Files by path, such as `main.ts` or `lib/data.ts`. */
export type Files = Readonly<Record<string, string>>;

/** Addresses of what is fetched, not imported: what `new URL("./data.bin", import.meta.url)` stands for, by path. */
export type Assets = Readonly<Record<string, string>>;

/** A module to load: its code in pieces, with the module that each import between them names. */
export interface LinkedModule {
  readonly path: string;
  /** One piece more than there are imports. */
  readonly pieces: readonly string[];
  /** Paths of files, or names of packages. */
  readonly imports: readonly string[];
}

/** The files cannot be made into a program; says where. */
export class LinkError extends Error {
  override name = "LinkError";
  readonly path: string;
  readonly line: number | undefined;

  constructor(message: string, path: string, line?: number) {
    super(message);
    this.path = path;
    this.line = line;
  }
}

/**
 * The modules that `entry` needs, each after those it imports.
 *
 * @param packages what may be imported by name
 * @throws LinkError on a syntax error, an import of something that is not there, and imports in a circle
 */
export function link(
  files: Files,
  entry: string,
  packages: readonly string[],
  assets: Assets = {},
): LinkedModule[] {
  const done = new Map<string, LinkedModule>();
  const open: string[] = [];

  const visit = (path: string): void => {
    if (done.has(path)) return;
    if (open.includes(path)) {
      const circle = [...open.slice(open.indexOf(path)), path].join(" → ");
      throw new LinkError(
        `these files import each other in a circle: ${circle}; move what both need into a file of its own`,
        open.at(-1) ?? path,
      );
    }
    open.push(path);
    const source = files[path] ?? "";
    const code = withAssets(path, toJavaScript(path, source), assets);
    const pieces: string[] = [];
    const imports: string[] = [];
    let from = 0;
    let lead = "";
    for (const { n: name, s, e, se: statementEnd, d: dynamic, a: attributes } of importsOf(path, code)) {
      // `import.meta` has no name; neither has an import whose name is computed, which the engine then refuses.
      if (name === undefined || dynamic === -2) continue;
      // The name of a dynamic import comes with its quotes.
      const [start, end] = dynamic === -1 ? [s, e] : [s + 1, e - 1];
      const line = code.slice(0, start).split("\n").length;
      const target = resolve(files, path, name, packages, line);
      pieces.push(lead + code.slice(from, start));
      from = end;
      lead = "";
      // JSON is a module of JavaScript here: `with { type: "json" }` goes, its lines stay. The lexer misses some of the static ones.
      const clause = /^["']\s*with\s*\{[^}]*\}/.exec(code.slice(end))?.[0].length;
      const after = dynamic === -1 ? end + (clause ?? 0) : attributes === -1 ? end : statementEnd - 1;
      if (after > end) {
        from = after;
        lead = code.charAt(end) + code.slice(end, after).replace(/[^\n]/g, "");
      }
      imports.push(target);
      if (!packages.includes(target)) visit(target);
    }
    pieces.push(lead + code.slice(from));
    done.set(path, { path, pieces, imports });
    open.pop();
  };

  if (!(entry in files)) throw new LinkError(`there is no file ${entry}`, entry);
  visit(entry);
  return [...done.values()];
}

function toJavaScript(path: string, source: string): string {
  if (path.endsWith(".json")) {
    try {
      JSON.parse(source);
    } catch (cause) {
      throw new LinkError(`${path} is not JSON: ${(cause as Error).message}`, path);
    }
    return `export default ${source.trim()};`;
  }
  if (!path.endsWith(".ts")) return source;
  try {
    return transform(source, {
      transforms: ["typescript"],
      disableESTransforms: true,
      preserveDynamicImport: true,
    }).code;
  } catch (cause) {
    throw syntaxError(path, cause);
  }
}

function withAssets(path: string, code: string, assets: Assets): string {
  return code.replace(/new URL\("(\.{1,2}\/[^"\n]+)", import\.meta\.url\)/g, (whole, name: string) => {
    const url = assets[join(path, name)];
    return url === undefined ? whole : `new URL(${JSON.stringify(url)})`;
  });
}

function importsOf(path: string, code: string): ReturnType<typeof parse>[0] {
  try {
    return parse(code, path)[0];
  } catch (cause) {
    throw syntaxError(path, cause);
  }
}

/** Both libraries end their message with the place: `Unexpected token (3:7)`, `Parse error main.ts:3:7`. */
function syntaxError(path: string, cause: unknown): LinkError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const line = /(\d+):\d+\)?\s*$/.exec(message)?.[1];
  const what = /^Parse error/.test(message)
    ? "unexpected code"
    : message.replace(/^Error transforming .*?: /, "").replace(/\s*\(\d+:\d+\)\s*$/, "");
  return new LinkError(`syntax error: ${what}`, path, line === undefined ? undefined : Number(line));
}

function resolve(
  files: Files,
  from: string,
  name: string,
  packages: readonly string[],
  line: number,
): string {
  if (packages.includes(name)) return name;
  if (!/^\.{1,2}\//.test(name)) {
    const known = packages.map((each) => `"${each}"`).join(", ");
    throw new LinkError(
      `"${name}" is not here: a program can import ${known} and its own files, such as "./data.ts"`,
      from,
      line,
    );
  }
  const path = join(from, name);
  const stem = path.replace(/\.(?:js|ts)$/, "");
  const found = [path, `${path}.ts`, `${stem}.ts`, `${path}/index.ts`].find((each) => each in files);
  if (found === undefined)
    throw new LinkError(`"${name}" names no file here: there is no ${path}`, from, line);
  return found;
}

/** The path that a relative name means in a file. */
function join(from: string, name: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
