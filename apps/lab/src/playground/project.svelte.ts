// The files of the playground: what is edited, kept for the next visit, and what an example or a link put in its place.

import type { Files } from "../runner/link.ts";
import { remember, remembered } from "../site/storage.ts";
import { isFiles } from "./share.ts";

/** Where the files come from. */
export type Origin = "own" | "example" | "link";

const KEY = "playground";
const BEFORE = "playground.before";

function saved(key: string): Files | undefined {
  try {
    const files: unknown = JSON.parse(remembered(key) ?? "null");
    return isFiles(files) ? files : undefined;
  } catch {
    return undefined;
  }
}

export class Project {
  files: Files = $state.raw({});
  current: string = $state("");
  origin: Origin = $state("own");
  /** Whether there is own code to go back to. */
  replaced: boolean = $state(false);

  constructor(otherwise: () => Files) {
    const own = saved(KEY);
    this.#put(own ?? otherwise(), own ? "own" : "example");
    this.replaced = saved(BEFORE) !== undefined;
  }

  /** The file that runs: main.ts, else the first program. */
  get entry(): string {
    const paths = Object.keys(this.files);
    return paths.find((path) => path === "main.ts") ?? paths.find((path) => path.endsWith(".ts")) ?? "";
  }

  /** Other files in place of these. They are kept only once they are changed: until then the reader's own stay saved. */
  open(files: Files, origin: Exclude<Origin, "own">): void {
    const { current } = this;
    this.#put(files, origin);
    if (current in files) this.current = current;
  }

  edit(path: string, text: string): void {
    if (this.files[path] === text) return;
    this.#change({ ...this.files, [path]: text });
  }

  add(path: string): void {
    this.#change({ ...this.files, [path]: path.endsWith(".json") ? "{}\n" : "" });
    this.current = path;
  }

  rename(from: string, to: string): void {
    const renamed = Object.entries(this.files).map(([path, text]) => [path === from ? to : path, text]);
    if (this.current === from) this.current = to;
    this.#change(Object.fromEntries(renamed));
  }

  remove(path: string): void {
    const paths = Object.keys(this.files);
    const at = paths.indexOf(path);
    const rest = Object.fromEntries(Object.entries(this.files).filter(([each]) => each !== path));
    if (this.current === path) this.current = paths[at + 1] ?? paths[at - 1] ?? "";
    this.#change(rest);
  }

  /** Back to the files that were the reader's own before they were replaced. */
  restore(): void {
    const own = this.origin === "own" ? saved(BEFORE) : (saved(KEY) ?? saved(BEFORE));
    if (!own) return;
    this.#put(own, "own");
    remember(KEY, JSON.stringify(own));
    remember(BEFORE, null);
    this.replaced = false;
  }

  /** Whether something of the reader's is saved that is not what is shown. */
  get hasOwn(): boolean {
    return this.replaced || (this.origin !== "own" && saved(KEY) !== undefined);
  }

  #put(files: Files, origin: Origin): void {
    this.files = files;
    this.origin = origin;
    this.current = this.entry;
  }

  #change(files: Files): void {
    if (this.origin !== "own") {
      const own = remembered(KEY);
      if (own) {
        remember(BEFORE, own);
        this.replaced = true;
      }
      this.origin = "own";
    }
    this.files = files;
    remember(KEY, JSON.stringify(files));
  }
}
