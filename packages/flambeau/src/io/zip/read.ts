// Reading files out of zip archives: what is stored is read from its place, what is deflated is inflated piece by piece,
// and everything is compared with its checksum. Floor L5 (io). Source: PKWARE's APPNOTE.TXT 6.3.10

import { Inflate } from "fflate";
import { FileError } from "../../base/errors.ts";
import { crc32 } from "../crc.ts";
import type { ByteSource } from "../source.ts";
import type { ZipEntry } from "./directory.ts";
import { localBytes, readDirectory } from "./directory.ts";

/** Whether a file begins as zip archives do. */
export const looksLikeZip = (start: Uint8Array): boolean =>
  start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;

export interface ZipOptions {
  /** Whether the checksums are compared. Default true. */
  readonly checkCrc32?: boolean;
}

const pieceBytes = 1 << 16;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** An archive whose files are read when they are asked for. */
export class ZipReader {
  readonly source: ByteSource;
  /** What it holds, by name, in the order of its directory. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly #checkCrc32: boolean;

  private constructor(source: ByteSource, entries: ReadonlyMap<string, ZipEntry>, options: ZipOptions) {
    this.source = source;
    this.entries = entries;
    this.#checkCrc32 = options.checkCrc32 ?? true;
  }

  /** Reads the directory. @throws FileError see {@link readDirectory} */
  static async open(source: ByteSource, options: ZipOptions = {}): Promise<ZipReader> {
    return new ZipReader(source, await readDirectory(source), options);
  }

  /** The bytes of a file, to be looked at only. @throws FileError if it is damaged */
  async read(entry: ZipEntry): Promise<Uint8Array> {
    if (entry.method === 0) {
      const { start, nearby } = await this.#locate(entry);
      const bytes = nearby ?? (await this.source.read(start, entry.size));
      this.#check(entry, bytes);
      return bytes;
    }
    const bytes = new Uint8Array(entry.size);
    await this.readInto(entry, bytes);
    return bytes;
  }

  /** Fills `target`, which is as long as the file, with its bytes. @throws FileError if it is damaged */
  async readInto(entry: ZipEntry, target: Uint8Array): Promise<void> {
    const { start, nearby } = await this.#locate(entry);
    if (entry.method === 8) await this.#inflate(entry, start, target);
    else if (nearby) target.set(nearby);
    else await this.source.readInto(target, start);
    this.#check(entry, target);
  }

  /**
   * Where the bytes of an entry start: after its header, which must be that of the directory. Those of a small one are read with it
   * (`nearby`).
   */
  async #locate(entry: ZipEntry): Promise<{ start: number; nearby: Uint8Array | null }> {
    const { name, nameBytes, method, header, compressedSize, limit } = entry;
    const small = limit - header <= pieceBytes;
    const head = localBytes + nameBytes;
    const bytes = await this.source.read(header, small ? limit - header : head);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = head + view.getUint16(28, true);
    if (
      view.getUint32(0, true) !== 0x04034b50 ||
      view.getUint16(8, true) !== method ||
      view.getUint16(26, true) !== nameBytes ||
      header + start + compressedSize > limit ||
      decoder.decode(bytes.subarray(localBytes, head)) !== name
    )
      this.#refuse(name, "its header differs from the directory");
    return { start: header + start, nearby: small ? bytes.subarray(start, start + compressedSize) : null };
  }

  async #inflate({ name, size, compressedSize }: ZipEntry, start: number, target: Uint8Array): Promise<void> {
    let at = 0;
    let ended = false;
    const stream = new Inflate((piece, final) => {
      if (at + piece.length > size)
        this.#refuse(name, `it holds more than the ${size} bytes that it declares`);
      target.set(piece, at);
      at += piece.length;
      ended = final;
    });
    try {
      for (let done = 0; done < compressedSize; done += pieceBytes) {
        const length = Math.min(pieceBytes, compressedSize - done);
        stream.push(await this.source.read(start + done, length), done + length === compressedSize);
      }
    } catch (error) {
      if (error instanceof FileError) throw error;
      this.#refuse(name, `it cannot be inflated (${(error as Error).message})`, error);
    }
    if (!ended || at !== size) this.#refuse(name, `it ends after ${at} of ${size} bytes`);
  }

  #check({ name, crc }: ZipEntry, bytes: Uint8Array): void {
    if (this.#checkCrc32 && crc32(bytes) !== crc)
      this.#refuse(name, "its bytes do not fit their checksum (CRC-32)");
  }

  #refuse(name: string, problem: string, cause?: unknown): never {
    throw new FileError(
      this.source.name,
      `the zip archive is damaged at ${JSON.stringify(name)}: ${problem}`,
      { cause },
    );
  }
}
