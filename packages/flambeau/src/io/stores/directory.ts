// A folder of files, in Node. Loaded on first use. Floor L5 (io).

import { pathOf } from "../host.ts";
import { failure, fs, isTemporary, openPath, path, syncFolder, writePath } from "../node-files.ts";
import type { ByteSink } from "../sink.ts";
import type { ByteSource } from "../source.ts";
import type { FileStore } from "./store.ts";

export class DirectoryStore implements FileStore {
  readonly name: string;
  readonly #folder: string;

  constructor(folder: string | URL) {
    this.#folder = pathOf(folder);
    this.name = this.#folder;
  }
  async list(): Promise<string[]> {
    try {
      const entries = await fs.readdir(this.#folder, { withFileTypes: true });
      return entries.filter((entry) => entry.isFile() && !isTemporary(entry.name)).map(({ name }) => name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw failure(this.#folder, "cannot be read", error);
    }
  }
  open(file: string): Promise<ByteSource> {
    return openPath(path.join(this.#folder, file));
  }
  async write(file: string, body: (sink: ByteSink) => Promise<void>): Promise<void> {
    try {
      await fs.mkdir(this.#folder, { recursive: true });
    } catch (error) {
      throw failure(this.#folder, "cannot be made", error);
    }
    await this.#tidy(file);
    await writePath(path.join(this.#folder, file), body);
  }
  /** Removes what a process left that was killed while it wrote a file of such a name. */
  async #tidy(file: string): Promise<void> {
    const start = `.${/^\D*/.exec(file)![0]}`;
    for (const name of await fs.readdir(this.#folder))
      if (isTemporary(name) && name.startsWith(start))
        await fs.rm(path.join(this.#folder, name), { force: true });
  }
  async remove(file: string): Promise<void> {
    try {
      await fs.rm(path.join(this.#folder, file), { force: true });
      await syncFolder(this.#folder);
    } catch (error) {
      throw failure(path.join(this.#folder, file), "cannot be removed", error);
    }
  }
}
