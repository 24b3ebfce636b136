// Reads safetensors files, whole or tensor by tensor. Loaded on first use. Floor L5 (io).
// Source: https://huggingface.co/docs/safetensors

import type { TypedArray } from "../../base/dtype.ts";
import { FileError, IndexError, RuntimeError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import type { ElementFormat } from "../elements.ts";
import { arrayFor, bytesOf, readElements } from "../elements.ts";
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

/** Runs `body`; values that do not fit become an error of the file. */
async function naming<T>(entry: Entry, source: ByteSource, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof RuntimeError && !(error instanceof FileError))
      throw new FileError(source.name, `tensor "${entry.name}": ${error.message}`, { cause: error });
    throw error;
  }
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

  tensor(name: string): Promise<AnyTensor> {
    const entry = this.entry(name);
    return naming(entry, this.source, async () => {
      const format = formatOf(entry, this.source);
      const data = arrayFor(format, numel(entry.shape));
      await readElements(this.source, format, entry.start, data);
      return fresh(data, entry.shape, format.dtype);
    });
  }

  /** The elements of `region` as a tensor of its extents. */
  region(name: string, region: Region): Promise<AnyTensor> {
    const entry = this.entry(name);
    return naming(entry, this.source, async () => {
      const format = formatOf(entry, this.source);
      const extents = region.map(([from, to]) => to - from);
      const data = arrayFor(format, numel(extents));
      await readRegion(this.source, format, entry, region, data);
      return fresh(data, extents, format.dtype);
    });
  }

  /** All tensors. Small ones are read many at a time, large ones straight into place. */
  async all(): Promise<[string, AnyTensor][]> {
    const { source } = this;
    const { entries } = this.header;
    const tensors: [string, AnyTensor][] = [];
    let i = 0;
    const next = async (): Promise<void> => {
      while (i < entries.length) {
        const first = i;
        const begin = entries[first]!.start;
        while (i < entries.length && entries[i]!.end - begin <= blockBytes) i++;
        if (i - first < 2) {
          i = first + 1;
          const { name } = entries[first]!;
          tensors[first] = [name, await this.tensor(name)];
          continue;
        }
        const group = entries.slice(first, i);
        const block = await source.read(begin, group.at(-1)!.end - begin);
        for (const [j, entry] of group.entries())
          tensors[first + j] = [
            entry.name,
            await naming(entry, source, async () => this.#cut(entry, block, begin)),
          ];
      }
    };
    await Promise.all(Array.from({ length: lanes }, next));
    return tensors;
  }

  /** A tensor out of a block that begins at byte `begin`. */
  #cut(entry: Entry, block: Uint8Array, begin: number): AnyTensor {
    const format = formatOf(entry, this.source);
    const data: TypedArray = arrayFor(format, numel(entry.shape));
    const bytes = block.subarray(entry.start - begin, entry.end - begin);
    if (format.decode) format.decode(bytes.slice().buffer, data);
    else bytesOf(data).set(bytes);
    return fresh(data, entry.shape, format.dtype);
  }
}

const blockBytes = 1 << 18;
/** Reads under way at a time. */
const lanes = 4;
