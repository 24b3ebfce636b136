// Reads safetensors files, whole or tensor by tensor. Loaded on first use. Floor L5 (io).
// Source: https://huggingface.co/docs/safetensors

import type { TypedArray } from "../../base/dtype.ts";
import { dtypes } from "../../base/dtype.ts";
import { FileError, IndexError, RuntimeError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import type { ElementFormat } from "../elements.ts";
import { arrayFor, bytesOf } from "../elements.ts";
import type { ByteSource } from "../source.ts";
import type { Entry, Header } from "./header.ts";
import { formats, readHeader } from "./header.ts";
import type { Region } from "./region.ts";
import { readRegion } from "./region.ts";

/** The format of a tensor's elements. @throws FileError for a dtype that is not read */
function formatOf(entry: Entry, source: ByteSource): ElementFormat {
  if (Object.hasOwn(formats, entry.dtype)) return formats[entry.dtype]!;
  throw new FileError(
    source.name,
    `tensor "${entry.name}" has the dtype ${entry.dtype}, which is not read; convert it in Python, to F32 for instance`,
  );
}

/** What went wrong with a tensor, as an error of the file. */
function named(entry: Entry, source: ByteSource, error: unknown): unknown {
  if (error instanceof FileError || !(error instanceof RuntimeError)) return error;
  return new FileError(source.name, `tensor "${entry.name}": ${error.message}`, { cause: error });
}

/** One file: its header, and its tensors on demand. */
export class SafetensorsFile {
  readonly source: ByteSource;
  readonly header: Header;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(source: ByteSource, header: Header) {
    this.source = source;
    this.header = header;
    this.#entries = new Map(header.entries.map((e) => [e.name, e]));
  }

  static async open(source: ByteSource): Promise<SafetensorsFile> {
    return new SafetensorsFile(source, await readHeader(source));
  }

  keys(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw new IndexError(`${this.source.name} has no tensor "${name}"; keys() lists what it has`);
  }

  /** A tensor. */
  tensor(name: string): Promise<AnyTensor> {
    return this.region(
      name,
      this.entry(name).shape.map((n) => [0, n]),
    );
  }

  /** The elements of `region` as a tensor of its extents. */
  async region(name: string, region: Region): Promise<AnyTensor> {
    const entry = this.entry(name);
    const format = formatOf(entry, this.source);
    const extents = region.map(([from, to]) => to - from);
    const data = arrayFor(format, numel(extents));
    try {
      await readRegion(this.source, format, entry, region, data);
    } catch (error) {
      throw named(entry, this.source, error);
    }
    return fresh(data, extents, format.dtype);
  }

  /** All tensors. Those whose elements are in the file as they are in memory share blocks of memory with their neighbours. */
  async all(): Promise<[string, AnyTensor][]> {
    const { entries } = this.header;
    const tensors: [string, AnyTensor][] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < entries.length) {
        const first = next;
        const begin = entries[first]!.start;
        const most = isDirect(entries[first]!) ? blockBytes : decodedBytes;
        while (
          next < entries.length &&
          entries[next]!.end - begin <= most &&
          isDirect(entries[next]!) === isDirect(entries[first]!)
        )
          next++;
        if (next === first) next++;
        const group = entries.slice(first, next);
        const made = group.length === 1 ? [await this.tensor(group[0]!.name)] : await this.#together(group);
        for (const [i, x] of made.entries()) tensors[first + i] = [group[i]!.name, x];
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return tensors;
  }

  /** Neighbours, read at once. */
  async #together(group: readonly Entry[]): Promise<AnyTensor[]> {
    const begin = group[0]!.start;
    const block = new Uint8Array(group.at(-1)!.end - begin);
    await this.source.readInto(block, begin);
    return group.map((entry) => this.#cut(entry, block, entry.start - begin));
  }

  /** A tensor whose bytes begin at `at` of a block. */
  #cut(entry: Entry, block: Uint8Array<ArrayBuffer>, at: number): AnyTensor {
    const format = formatOf(entry, this.source);
    const { array } = dtypes[format.dtype];
    const n = numel(entry.shape);
    const { bytes, decode } = format;
    if (!decode && at % bytes === 0) return fresh(new array(block.buffer, at, n), entry.shape, format.dtype);
    const data: TypedArray = arrayFor(format, n);
    const raw = block.slice(at, at + n * bytes);
    try {
      if (decode) decode(raw.buffer, data);
      else bytesOf(data).set(raw);
    } catch (error) {
      throw named(entry, this.source, error);
    }
    return fresh(data, entry.shape, format.dtype);
  }
}

/** Whether elements are in the file as they are in memory. */
const isDirect = (entry: Entry): boolean => formats[entry.dtype]?.decode === null;

/**
 * Most bytes that neighbours share. V8 collects garbage for every few large arrays, and on a busy machine that takes longer than
 * reading them.
 */
const blockBytes = 1 << 30;
/** The same where elements are decoded, and what was read is thrown away. */
const decodedBytes = 1 << 18;
/** Reads under way at a time. */
const lanes = 4;
