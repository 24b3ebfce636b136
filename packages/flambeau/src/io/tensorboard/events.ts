// Event files: records with checksums, appended to a file as they come, or kept in memory. Floor L5 (io).
// Source: tensorboard/summary/writer/record_writer.py

import { FileError, NotImplementedError } from "../../base/errors.ts";
import { crcOf } from "../crc.ts";
import { Message } from "./proto.ts";

const crc32c = crcOf(0x82f63b78);

/** A checksum of bytes that hold checksums would be weak: this one is turned and shifted. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A record: length, its checksum, the bytes, their checksum. */
function record(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(16 + data.length);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return out;
}

interface FileSystem {
  mkdirSync(path: string, options: { recursive: true }): unknown;
  openSync(path: string, flags: "a"): number;
  writeSync(fd: number, bytes: Uint8Array): number;
  closeSync(fd: number): void;
}
interface Os {
  hostname(): string;
}
type Process = { readonly pid: number; getBuiltinModule?(name: string): unknown };

const processOf = (): Process | undefined => (globalThis as { process?: Process }).process;
function builtin<M>(name: string): M {
  const found = processOf()?.getBuiltinModule?.(`node:${name}`) as M | undefined;
  if (found) return found;
  throw new NotImplementedError(
    "SummaryWriter: a folder needs the files of Node 20.16 or later; give null as the folder, and save what bytes() returns",
  );
}

export const hostname = (): string => builtin<Os>("os").hostname();

const bufferBytes = 1 << 16;
let files = 0;

/** Writes events to a file of a folder, or, with null for the folder, to memory. */
export class EventFile {
  readonly #fs: FileSystem | null;
  readonly path: string | null;
  readonly #flushMs: number;
  #fd: number | null = null;
  #waiting: Uint8Array[] = [];
  #size = 0;
  #flushed = performance.now();

  constructor(folder: string | null, suffix: string, flushSecs: number, wallTime: number) {
    this.#fs = folder === null ? null : builtin<FileSystem>("fs");
    this.#flushMs = 1000 * flushSecs;
    if (folder === null) this.path = null;
    else {
      const name = `events.out.tfevents.${Math.floor(wallTime)}.${hostname()}.${processOf()!.pid}.${files++}${suffix}`;
      this.path = `${folder}/${name}`;
      this.#try(() => {
        this.#fs!.mkdirSync(folder, { recursive: true });
        this.#fd = this.#fs!.openSync(this.path!, "a");
      });
    }
    this.#append(new Message().double(1, wallTime).bytes(3, "brain.Event:2"));
    this.flush();
  }

  #try<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new FileError(this.path!, `cannot be written: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Appends what a step has to show. */
  add(value: Message, step: number, wallTime: number): void {
    this.#append(new Message().double(1, wallTime).int(2, step).bytes(5, new Message().bytes(1, value)));
    if (this.#size > bufferBytes || performance.now() - this.#flushed > this.#flushMs) this.flush();
  }

  #append(event: Message): void {
    const bytes = record(event.done());
    this.#waiting.push(bytes);
    this.#size += bytes.length;
  }

  /** Puts what has gathered into the file. Loops of training do not stop for it, so it happens at once. */
  flush(): void {
    this.#flushed = performance.now();
    if (this.#fd === null) return;
    const bytes = this.bytes();
    this.#waiting = [];
    this.#size = 0;
    this.#try(() => {
      for (let at = 0; at < bytes.length; ) at += this.#fs!.writeSync(this.#fd!, bytes.subarray(at));
    });
  }

  /** All that waits; in memory, the whole file. */
  bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#waiting.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of this.#waiting) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  close(): void {
    this.flush();
    const fd = this.#fd;
    this.#fd = null;
    if (fd !== null) this.#try(() => this.#fs!.closeSync(fd));
  }
}
