// `torch.files`: where checkpoints can be kept. Floor L5 (io).

import type { ByteSink } from "../sink.ts";
import type { ByteSource } from "../source.ts";
import type { FileStore } from "./store.ts";

export type { FileStore };

/** A store whose code is loaded when it is first used. */
class LazyStore implements FileStore {
  readonly name: string;
  readonly #load: () => Promise<FileStore>;
  #store: Promise<FileStore> | null = null;

  constructor(name: string, load: () => Promise<FileStore>) {
    this.name = name;
    this.#load = load;
  }
  #get(): Promise<FileStore> {
    this.#store ??= this.#load();
    return this.#store;
  }
  async list(): Promise<string[]> {
    return (await this.#get()).list();
  }
  async open(file: string): Promise<ByteSource> {
    return (await this.#get()).open(file);
  }
  async write(file: string, body: (sink: ByteSink) => Promise<void>): Promise<void> {
    return (await this.#get()).write(file, body);
  }
  async remove(file: string): Promise<void> {
    return (await this.#get()).remove(file);
  }
}

/** A folder, in Node; made when something is first written. */
export const directory = (folder: string | URL): FileStore =>
  new LazyStore(String(folder), async () => {
    const { onNode } = await import("../host.ts");
    await onNode(folder);
    const { DirectoryStore } = await import("./directory.ts");
    return new DirectoryStore(folder);
  });

/** A folder of a browser's origin private file system. */
export const opfs = (folder: string): FileStore =>
  new LazyStore(`opfs:${folder}`, async () => new (await import("./browser.ts")).OpfsStore(folder));

/** A browser's IndexedDB database. */
export const indexedDB = (database: string): FileStore =>
  new LazyStore(
    `indexeddb:${database}`,
    async () => new (await import("./browser.ts")).IndexedDbStore(database),
  );

/** Memory, for tests and tries. */
export const memory = (): FileStore =>
  new LazyStore("memory", async () => new (await import("./browser.ts")).MemoryStore());
