// Files by path: positional reads, and writing that replaces a file at once or not at all. For Node, Deno and Bun; loaded
// on first use. Floor L5 (io).

import type * as fsPromises from "node:fs/promises";
import type * as nodePath from "node:path";
import { FileError } from "../base/errors.ts";
import type { ByteSink } from "./sink.ts";
import { BufferedSink } from "./sink.ts";
import type { ByteSource, OpenFile } from "./source.ts";
import { checkRange } from "./source.ts";

// Bundlers for browsers must not look for these.
const node = async <M>(name: string): Promise<M> => (await import(/* @vite-ignore */ `node:${name}`)) as M;
export const fs: typeof fsPromises = await node<typeof fsPromises>("fs/promises");
export const path: typeof nodePath = await node<typeof nodePath>("path");

/** Most bytes of one read or write: the system takes less than 2 GiB at a time. */
const most = 1 << 30;

/** @internal What the system said, as an error that names the file. */
export function failure(file: string, what: string, error: unknown): FileError {
  if (error instanceof FileError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    code === "ENOENT" ? "no such file or folder" : code === "EISDIR" ? "it is a folder" : message;
  return new FileError(file, `${what}: ${reason}`, { cause: error });
}

class HandleSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #handle: OpenFile;
  readonly #close: () => Promise<void>;

  constructor(handle: OpenFile, name: string, size: number, close: () => Promise<void>) {
    this.#handle = handle;
    this.name = name;
    this.size = size;
    this.#close = close;
  }
  async read(start: number, length: number): Promise<Uint8Array> {
    checkRange(this, start, length);
    const bytes = new Uint8Array(length);
    await this.readInto(bytes, start);
    return bytes;
  }
  async readInto(target: Uint8Array, start: number): Promise<void> {
    checkRange(this, start, target.length);
    let done = 0;
    while (done < target.length) {
      let bytesRead: number;
      try {
        const length = Math.min(most, target.length - done);
        ({ bytesRead } = await this.#handle.read(target, done, length, start + done));
      } catch (error) {
        throw failure(this.name, "cannot be read", error);
      }
      if (bytesRead === 0)
        throw new FileError(
          this.name,
          `ended at ${start + done} bytes while it was read; it had ${this.size}`,
        );
      done += bytesRead;
    }
  }
  close(): Promise<void> {
    return this.#close();
  }
}

/** Opens a file for reading. */
export async function openPath(file: string, name: string = file): Promise<ByteSource> {
  try {
    const handle = await fs.open(file, "r");
    try {
      const info = await handle.stat();
      if (!info.isFile())
        throw new FileError(
          name,
          `is ${info.isDirectory() ? "a folder" : "no regular file"}, where a file is expected`,
        );
      return new HandleSource(handle, name, info.size, () => handle.close());
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw failure(name, "cannot be opened", error);
  }
}

/** Reads from a file that the caller has opened and will close. */
export async function openHandle(handle: OpenFile, name = `(file ${handle.fd})`): Promise<ByteSource> {
  return new HandleSource(handle, name, (await handle.stat()).size, () => Promise.resolve());
}

/** How temporary files are named; a process that is killed leaves one behind. */
export const temporaryName = (base: string): string =>
  `.${base}.${globalThis.crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}.tmp`;

/** Whether a file is a temporary one of {@link writePath}. */
export const isTemporary = (name: string): boolean => /^\..+\.[0-9a-z]+\.tmp$/.test(name);

/** Makes names of files in a folder durable. Windows cannot, and has no need. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP"].includes(code)) throw error;
  }
}

/**
 * Writes a file by way of a temporary one in the same folder, which takes its name once all of it is on the disk. Whoever reads
 * the name sees the old file or the new one, also after a crash; on an error the old one stays.
 */
export async function writePath(file: string, body: (sink: ByteSink) => Promise<void>): Promise<void> {
  // A link stays a link: what it points to is replaced.
  const target = await fs.realpath(file).catch(() => file);
  const folder = path.dirname(target);
  const temporary = path.join(folder, temporaryName(path.basename(target)));
  try {
    const mode = await fs.stat(target).then(
      (info) => info.mode & 0o777,
      () => 0o666,
    );
    const handle = await fs.open(temporary, "wx", mode);
    try {
      const sink = new BufferedSink(file, async (bytes) => {
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await handle.write(bytes, done, Math.min(most, bytes.length - done));
          done += bytesWritten;
        }
      });
      await body(sink);
      await sink.flush();
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, target);
    await syncFolder(folder);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    // What the body found wrong is its own matter.
    throw (error as NodeJS.ErrnoException).syscall === undefined
      ? error
      : failure(file, "cannot be written", error);
  }
}
