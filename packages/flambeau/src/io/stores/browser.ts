// Places for files in a browser: the origin's private file system, or a database; and memory, which exists everywhere.
// Loaded on first use. Floor L5 (io). Sources: https://fs.spec.whatwg.org/, https://www.w3.org/TR/IndexedDB-3/

import { FileError } from "../../base/errors.ts";
import type { ByteSink } from "../sink.ts";
import { writeBytes, writeFile } from "../sink.ts";
import type { ByteSource } from "../source.ts";
import { BytesSource, openSource } from "../source.ts";
import type { FileStore } from "./store.ts";

const missing = (store: string, file: string, cause?: unknown): FileError =>
  new FileError(`${store}/${file}`, "cannot be opened: no such file", { cause });

/** A folder of the origin private file system (OPFS). */
export class OpfsStore implements FileStore {
  readonly name: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.name = `opfs:${folder}`;
  }
  async #directory(): Promise<FileSystemDirectoryHandle> {
    if (!globalThis.navigator?.storage?.getDirectory)
      throw new FileError(
        this.name,
        "there is no origin private file system here; use indexedDB or a folder",
      );
    let directory = await navigator.storage.getDirectory();
    for (const part of this.#folder.split("/").filter(Boolean))
      directory = await directory.getDirectoryHandle(part, { create: true });
    return directory;
  }
  async list(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name, handle] of await this.#directory()) if (handle.kind === "file") names.push(name);
    return names;
  }
  async open(file: string): Promise<ByteSource> {
    const directory = await this.#directory();
    try {
      return await openSource(await (await directory.getFileHandle(file)).getFile());
    } catch (error) {
      throw missing(this.name, file, error);
    }
  }
  async write(file: string, body: (sink: ByteSink) => Promise<void>): Promise<void> {
    const directory = await this.#directory();
    // What is written takes the file's place when it is closed.
    await writeFile(await directory.getFileHandle(file, { create: true }), body);
  }
  async remove(file: string): Promise<void> {
    const directory = await this.#directory();
    await directory.removeEntry(file).catch((error: unknown) => {
      if ((error as DOMException).name !== "NotFoundError") throw error;
    });
  }
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** A database of files. */
export class IndexedDbStore implements FileStore {
  readonly name: string;
  readonly #database: string;
  #opened: Promise<IDBDatabase> | null = null;

  constructor(database: string) {
    this.#database = database;
    this.name = `indexeddb:${database}`;
  }
  #open(): Promise<IDBDatabase> {
    if (typeof indexedDB === "undefined")
      throw new FileError(this.name, "there is no IndexedDB here; use a folder");
    if (this.#opened === null) {
      const request = indexedDB.open(this.#database, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("files");
      this.#opened = settled(request);
    }
    return this.#opened;
  }
  async #files(mode: IDBTransactionMode): Promise<{ files: IDBObjectStore; done: Promise<void> }> {
    const transaction = (await this.#open()).transaction("files", mode, { durability: "strict" });
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
    return { files: transaction.objectStore("files"), done };
  }
  async list(): Promise<string[]> {
    const { files } = await this.#files("readonly");
    return (await settled(files.getAllKeys())).map(String);
  }
  async open(file: string): Promise<ByteSource> {
    const { files } = await this.#files("readonly");
    const found: unknown = await settled(files.get(file));
    if (!(found instanceof Blob)) throw missing(this.name, file);
    return openSource(new File([found], `${this.name}/${file}`));
  }
  async write(file: string, body: (sink: ByteSink) => Promise<void>): Promise<void> {
    const blob = new Blob([await writeBytes(body)]);
    const { files, done } = await this.#files("readwrite");
    files.put(blob, file);
    try {
      await done;
    } catch (error) {
      throw new FileError(`${this.name}/${file}`, `cannot be written: ${String(error)}`, { cause: error });
    }
  }
  async remove(file: string): Promise<void> {
    const { files, done } = await this.#files("readwrite");
    files.delete(file);
    await done;
  }
}

/** Files in memory, gone with the program. */
export class MemoryStore implements FileStore {
  readonly name = "memory";
  readonly #files = new Map<string, Uint8Array>();

  list(): Promise<string[]> {
    return Promise.resolve([...this.#files.keys()]);
  }
  // biome-ignore lint/suspicious/useAwait: an error is a rejection, as of every store.
  async open(file: string): Promise<ByteSource> {
    const bytes = this.#files.get(file);
    if (!bytes) throw missing(this.name, file);
    return new BytesSource(bytes, `${this.name}/${file}`);
  }
  async write(file: string, body: (sink: ByteSink) => Promise<void>): Promise<void> {
    this.#files.set(file, await writeBytes(body));
  }
  remove(file: string): Promise<void> {
    this.#files.delete(file);
    return Promise.resolve();
  }
}
