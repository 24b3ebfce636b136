// What of files depends on the host: paths exist under Node (and Deno and Bun) alone. Floor L5 (io).

import { FileError } from "../base/errors.ts";
import type * as nodeFiles from "./node-files.ts";

/** Whether there is a file system with paths. */
export const hasPaths = (): boolean =>
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

/** What works with paths, loaded on first use. @throws FileError where there are none, as in a browser */
export async function onNode(file: string | URL): Promise<typeof nodeFiles> {
  if (!hasPaths())
    throw new FileError(
      String(file),
      "paths exist in Node only; give a File, a Blob, bytes, or `await fetch(url)`",
    );
  return await import("./node-files.ts");
}

/** The path that a string or a `file:` URL stands for. @throws FileError for other addresses */
export function pathOf(file: string | URL): string {
  const text = String(file);
  if (!(file instanceof URL)) {
    if (/^https?:\/\//i.test(text))
      throw new FileError(text, "is an address, where a path is expected; give `await fetch(url)`");
    return text;
  }
  if (file.protocol !== "file:")
    throw new FileError(text, "is no file: URL; give `await fetch(url)` for what comes over the network");
  const path = decodeURIComponent(file.pathname);
  // file:///C:/x is C:/x.
  return /^\/[A-Za-z]:\//.test(path) ? path.slice(1) : path;
}
