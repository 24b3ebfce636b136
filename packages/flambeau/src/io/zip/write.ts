// Writing zip archives, piece by piece and in one pass. Floor L5 (io). Source: PKWARE's APPNOTE.TXT 6.3.10

import { deflateSync } from "fflate";
import { crc32 } from "../crc.ts";
import type { ByteSink } from "../sink.ts";
import { writeData } from "../tensor-bytes.ts";

/** How the next file is written. */
export interface EntryOptions {
  /** Whether it is deflated. Default false. */
  readonly compress?: boolean;
}

interface Written {
  readonly name: Uint8Array;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly compressedSize: number;
  readonly header: number;
}

const tooLarge = 0xffffffff;
/** The first of January 1980, so that the same files give the same archive. */
const date = 0x0021;
/** Written on Unix, where names are UTF-8, as files that all may read. */
const unix = 0x0300;
const readable = 0o100644 * 2 ** 16;

/** Little-endian numbers, one after the other: [value, bytes], ... */
function record(...fields: readonly (readonly [value: number, bytes: 2 | 4 | 8])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [value, bytes] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

/** An archive that is being written. {@link finish} ends it. */
export class ZipWriter {
  readonly #sink: ByteSink;
  readonly #start: number;
  readonly #alignment: number;
  readonly #written: Written[] = [];

  /** @param alignment bytes of a file start at a multiple of it, as PyTorch's do at one of 64; default 1 */
  constructor(sink: ByteSink, alignment = 1) {
    this.#sink = sink;
    this.#start = sink.size;
    this.#alignment = alignment;
  }

  get #at(): number {
    return this.#sink.size - this.#start;
  }

  /** Appends a file. */
  async add(file: string, bytes: Uint8Array, options: EntryOptions = {}): Promise<void> {
    const name = new TextEncoder().encode(file);
    const body = options.compress ? deflateSync(bytes) : bytes;
    const entry: Written = {
      name,
      method: options.compress ? 8 : 0,
      crc: crc32(bytes),
      size: bytes.length,
      compressedSize: body.length,
      header: this.#at,
    };
    const large = entry.size >= tooLarge || entry.compressedSize >= tooLarge;
    const sizes = large
      ? record([1, 2], [16, 2], [entry.size, 8], [entry.compressedSize, 8])
      : new Uint8Array(0);
    const padding = this.#padding(entry.header + 30 + name.length + sizes.length);
    await this.#sink.write(
      record([0x04034b50, 4], ...attributes(entry, large), [sizes.length + padding.length, 2]),
    );
    for (const piece of [name, sizes, padding]) await this.#sink.write(piece);
    await writeData(this.#sink, body);
    this.#written.push(entry);
  }

  /** A field, under the mark that PyTorch uses, after which the next byte lies where it should. */
  #padding(at: number): Uint8Array {
    if (at % this.#alignment === 0) return new Uint8Array(0);
    const field = 4;
    const fill = (this.#alignment - ((at + field) % this.#alignment)) % this.#alignment;
    const padding = new Uint8Array(field + fill);
    padding.set(record([0x4246, 2], [fill, 2]));
    return padding;
  }

  /** Writes the directory. */
  async finish(): Promise<void> {
    const start = this.#at;
    for (const entry of this.#written) await this.#sink.write(directoryEntry(entry));
    const count = this.#written.length;
    const end = this.#at;
    const size = end - start;
    if (count >= 0xffff || size >= tooLarge || start >= tooLarge) {
      await this.#sink.write(
        record(
          [0x06064b50, 4],
          [44, 8],
          [45, 2],
          [45, 2],
          [0, 4],
          [0, 4],
          [count, 8],
          [count, 8],
          [size, 8],
          [start, 8],
        ),
      );
      await this.#sink.write(record([0x07064b50, 4], [0, 4], [end, 8], [1, 4]));
    }
    const short = Math.min(count, 0xffff);
    await this.#sink.write(
      record(
        [0x06054b50, 4],
        [0, 2],
        [0, 2],
        [short, 2],
        [short, 2],
        [Math.min(size, tooLarge), 4],
        [Math.min(start, tooLarge), 4],
        [0, 2],
      ),
    );
  }
}

/** What stands in the header of a file and in the directory alike; names are UTF-8 (bit 11). */
const attributes = (entry: Written, large: boolean): (readonly [number, 2 | 4])[] => [
  [large ? 45 : 20, 2],
  [0x0800, 2],
  [entry.method, 2],
  [0, 2],
  [date, 2],
  [entry.crc, 4],
  [large ? tooLarge : entry.compressedSize, 4],
  [large ? tooLarge : entry.size, 4],
  [entry.name.length, 2],
];

function directoryEntry(entry: Written): Uint8Array {
  const large = entry.size >= tooLarge || entry.compressedSize >= tooLarge;
  const far = entry.header >= tooLarge;
  const values = [...(large ? [entry.size, entry.compressedSize] : []), ...(far ? [entry.header] : [])];
  const extra =
    values.length > 0
      ? record([1, 2], [8 * values.length, 2], ...values.map((v) => [v, 8] as const))
      : new Uint8Array(0);
  const head = record(
    [0x02014b50, 4],
    [unix | 45, 2],
    ...attributes(entry, large),
    [extra.length, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [readable, 4],
    [Math.min(entry.header, tooLarge), 4],
  );
  const bytes = new Uint8Array(head.length + entry.name.length + extra.length);
  bytes.set(head);
  bytes.set(entry.name, head.length);
  bytes.set(extra, head.length + entry.name.length);
  return bytes;
}
