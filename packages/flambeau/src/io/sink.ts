// Where writers put their bytes: a file that is replaced at once or not at all, a stream, or memory. Floor L5 (io).

import { ArgumentError } from "../base/errors.ts";
import { onNode, pathOf } from "./host.ts";

/** Takes bytes one after the other. */
export interface ByteSink {
  /** What messages call it. */
  readonly name: string;
  /** Number of bytes written so far. */
  readonly size: number;
  /** Appends bytes; they may be changed again once the promise is fulfilled. */
  write(bytes: Uint8Array): Promise<void>;
}

/** The part of a browser's `FileSystemFileHandle` that is used: what is written appears in the file when all of it is there. */
export interface WritableFile {
  readonly name: string;
  createWritable(): Promise<WritableStream<Uint8Array<ArrayBuffer>>>;
}

/** Where a file can be written to: in Node a path or a `file:` URL, a stream, and in browsers a `FileSystemFileHandle`. */
export type FileTarget = string | URL | WritableStream<Uint8Array<ArrayBuffer>> | WritableFile;

const bufferBytes = 1 << 18;

/** @internal Gathers small pieces before they are written. */
export class BufferedSink implements ByteSink {
  readonly name: string;
  #size = 0;
  readonly #put: (bytes: Uint8Array) => Promise<void>;
  #buffer: Uint8Array | null = null;
  #used = 0;

  constructor(name: string, put: (bytes: Uint8Array) => Promise<void>) {
    this.name = name;
    this.#put = put;
  }
  get size(): number {
    return this.#size;
  }
  async write(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    if (this.#used + bytes.length > bufferBytes) await this.flush();
    if (bytes.length >= bufferBytes) return this.#put(bytes);
    this.#buffer ??= new Uint8Array(bufferBytes);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }
  async flush(): Promise<void> {
    const used = this.#used;
    this.#used = 0;
    if (used > 0) await this.#put(this.#buffer!.subarray(0, used));
  }
}

/** Gathers what `body` writes. */
export async function writeBytes(body: (sink: ByteSink) => Promise<void>): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = new Uint8Array(1024);
  let size = 0;
  await body({
    name: "(bytes)",
    get size() {
      return size;
    },
    // biome-ignore lint/suspicious/useAwait: a sink's write is a promise.
    async write(piece) {
      if (size + piece.length > bytes.length) {
        const larger = new Uint8Array(Math.max(size + piece.length, 2 * bytes.length));
        larger.set(bytes.subarray(0, size));
        bytes = larger;
      }
      bytes.set(piece, size);
      size += piece.length;
    },
  });
  // Not a part of a longer buffer: callers may take `.buffer`.
  return bytes.slice(0, size);
}

async function writeStream(
  stream: WritableStream<Uint8Array<ArrayBuffer>>,
  name: string,
  body: (sink: ByteSink) => Promise<void>,
): Promise<void> {
  const writer = stream.getWriter();
  try {
    // A stream may hold on to what it was given.
    const sink = new BufferedSink(name, (bytes) => writer.write(bytes.slice()));
    await body(sink);
    await sink.flush();
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}

/**
 * Writes a file: `body` gets a sink for its bytes. A path gets the new file when all of it is on the disk; if anything fails
 * before, it keeps the old one, and nothing else is left behind.
 *
 * @throws FileError if the file cannot be written; whatever `body` throws
 */
export async function writeFile(target: FileTarget, body: (sink: ByteSink) => Promise<void>): Promise<void> {
  if (typeof target === "string" || target instanceof URL) {
    const { writePath } = await onNode(target);
    return writePath(pathOf(target), body);
  }
  if (target instanceof WritableStream) return writeStream(target, "(stream)", body);
  if (typeof target?.createWritable === "function")
    return writeStream(await target.createWritable(), target.name, body);
  throw new ArgumentError(
    `expected a path, a WritableStream or a FileSystemFileHandle to write to, but got ${target === null ? "null" : typeof target}`,
  );
}
