// Where readers take their bytes from: one interface over memory, blobs, streams and files, with reads that never leave
// the file. Floor L5 (io).

import { ArgumentError, FileError } from "../base/errors.ts";
import { onNode, pathOf } from "./host.ts";

/** Bytes that are read in any order. Readers see files only through this. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  /** Number of bytes. */
  readonly size: number;
  /**
   * `length` bytes from `start` on, to be looked at only: they may be the source's own.
   * @throws FileError if they are not all there
   */
  read(start: number, length: number): Promise<Uint8Array>;
  /** Fills `target` with the bytes from `start` on. @throws FileError if they are not all there */
  readInto(target: Uint8Array, start: number): Promise<void>;
  /** Nothing is read any more. What was handed in open stays open. */
  close(): Promise<void>;
}

/** The part of Node's `fs.promises.FileHandle` that is used. */
export interface OpenFile {
  readonly fd: number;
  stat(): Promise<{ readonly size: number }>;
  read(
    target: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

/**
 * What can be read as a file: bytes, a Blob or File, a stream, the answer of `fetch`, and in Node a path, a `file:` URL or an
 * open `FileHandle`. Paths, handles and blobs are read piece by piece, streams as a whole first.
 */
export type FileLike =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | OpenFile
  | ByteSource;

/** How messages call bytes that have no name. */
const unnamed = "(bytes)";

/** Checks that a piece lies inside of the source. @throws FileError if it does not */
export function checkRange(source: ByteSource, start: number, length: number): void {
  // Whole numbers up to 2^53 add up without loss where their sum is one.
  if (
    !Number.isSafeInteger(start) ||
    !Number.isSafeInteger(length) ||
    start < 0 ||
    length < 0 ||
    start + length > source.size
  )
    throw new FileError(
      source.name,
      `${length} bytes at ${start} are expected, but the file has ${source.size} bytes: it is truncated or damaged`,
    );
}

/** Bytes in memory. */
export class BytesSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, name: string = unnamed) {
    this.name = name;
    this.size = bytes.length;
    // Node's Buffer would hand out buffers, whose slice() does not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  // biome-ignore lint/suspicious/useAwait: an error is a rejection, as of every source.
  async read(start: number, length: number): Promise<Uint8Array> {
    checkRange(this, start, length);
    return this.#bytes.subarray(start, start + length);
  }
  async readInto(target: Uint8Array, start: number): Promise<void> {
    target.set(await this.read(start, target.length));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A Blob or a File, read piece by piece. */
class BlobSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #blob: Blob;

  constructor(blob: Blob) {
    this.name = (blob as File).name || "(blob)";
    this.size = blob.size;
    this.#blob = blob;
  }
  async read(start: number, length: number): Promise<Uint8Array> {
    checkRange(this, start, length);
    try {
      return new Uint8Array(await this.#blob.slice(start, start + length).arrayBuffer());
    } catch (error) {
      throw new FileError(this.name, `cannot be read: ${(error as Error).message}`, { cause: error });
    }
  }
  async readInto(target: Uint8Array, start: number): Promise<void> {
    // A blob hands out copies: pieces bound the memory that they take.
    const piece = 4 << 20;
    checkRange(this, start, target.length);
    for (let at = 0; at < target.length; at += piece)
      target.set(await this.read(start + at, Math.min(piece, target.length - at)), at);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** All bytes of a stream. */
async function drained(stream: ReadableStream<Uint8Array>, name: string): Promise<ByteSource> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (!(next.value instanceof Uint8Array))
        throw new FileError(
          name,
          `the stream gives ${typeof next.value}, where bytes (Uint8Array) are expected`,
        );
      chunks.push(next.value);
      size += next.value.length;
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(name, `the stream broke off after ${size} bytes: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return new BytesSource(bytes, name);
}

const has = (x: object, ...methods: string[]): boolean =>
  methods.every((m) => typeof (x as Record<string, unknown>)[m] === "function");

/**
 * Opens what can be read as a file; the caller closes it. A ByteSource is given back as it is.
 *
 * @param file see {@link FileLike}
 * @param name what messages call it; default its path, name or address
 * @throws FileError for a file that cannot be opened, ArgumentError for what is no file
 */
export async function openSource(file: FileLike, name?: string): Promise<ByteSource> {
  if (typeof file === "string" || file instanceof URL) {
    const { openPath } = await onNode(file);
    return openPath(pathOf(file), name);
  }
  if (file instanceof Uint8Array) return new BytesSource(file, name);
  if (file instanceof ArrayBuffer) return new BytesSource(new Uint8Array(file), name);
  if (typeof file === "object" && file !== null) {
    if (has(file, "read", "readInto")) return file as ByteSource;
    if (file instanceof Blob) return new BlobSource(file);
    if (file instanceof ReadableStream) return drained(file, name ?? "(stream)");
    if (file instanceof Response) {
      const called = name ?? (file.url || "(response)");
      if (!file.ok)
        throw new FileError(called, `the server answered ${file.status} ${file.statusText}`.trim());
      return file.body ? drained(file.body, called) : new BytesSource(new Uint8Array(0), called);
    }
    if (has(file, "read", "stat")) {
      const { openHandle } = await onNode("a FileHandle");
      return openHandle(file as OpenFile, name);
    }
  }
  throw new ArgumentError(
    `expected a file: a path, bytes, a Blob, a stream, a Response or a FileHandle, but got ${file === null ? "null" : typeof file}`,
  );
}

/** Opens a file, hands it to `body`, and closes it whatever happens. */
export async function withSource<T>(file: FileLike, body: (source: ByteSource) => Promise<T>): Promise<T> {
  const source = await openSource(file);
  try {
    return await body(source);
  } finally {
    // What was handed in open stays open.
    if (source !== file) await source.close();
  }
}
