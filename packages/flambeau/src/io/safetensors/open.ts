// Opens safetensors files, one or the shards that an index lists, and reads tensors one by one. Loaded on first use. Floor L5 (io).

import { FileError, IndexError } from "../../base/errors.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { hasPaths, onNode, pathOf } from "../host.ts";
import { JsonReader } from "../json-reader.ts";
import type { ByteSource, FileLike } from "../source.ts";
import { openSource } from "../source.ts";
import { mostHeaderBytes } from "./header.ts";
import type { OpenOptions, SafeOpen, SafeSlice } from "./index.ts";
import { SafetensorsFile } from "./read.ts";
import { split } from "./slice.ts";

/** Whether a file is an index of shards: JSON, whose first bytes would be the length of a huge header. */
async function isIndex(source: ByteSource): Promise<boolean> {
  if (source.size < 8) return source.size > 0 && (await source.read(0, 1))[0] === 0x7b;
  const first = await source.read(0, 8);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  return first[0] === 0x7b && length > BigInt(source.size);
}

/** Which shard has which tensor. @throws FileError for no valid index, and for names that leave its folder */
async function readIndex(source: ByteSource): Promise<Map<string, string>> {
  const bad = (problem: string): FileError =>
    new FileError(source.name, `is no valid index of safetensors files: ${problem}`);
  if (source.size > mostHeaderBytes)
    throw bad(`it has ${source.size} bytes; at most ${mostHeaderBytes} are allowed`);
  const json = new JsonReader(await source.read(0, source.size), bad);
  const shards = new Map<string, string>();
  json.object("the index", (field) => {
    if (field !== "weight_map") return json.skip();
    json.object("weight_map", (tensor) => {
      const shard = json.string(`weight_map["${tensor}"]`);
      if (!/^[^/\\:\0]+$/.test(shard) || /^\.+$/.test(shard))
        throw bad(`tensor "${tensor}" would be in "${shard}", which is no name of a file beside it`);
      shards.set(tensor, shard);
    });
  });
  json.end();
  return shards;
}

/** One open file, or several as one. */
class Opened implements SafeOpen {
  readonly #source: ByteSource;
  readonly #owned: boolean;
  /** Names of shards by tensors; null for a single file. */
  readonly #shards: ReadonlyMap<string, string> | null;
  readonly #files = new Map<string, Promise<SafetensorsFile>>();
  readonly #single: SafetensorsFile | null;
  readonly #find: (shard: string) => Promise<FileLike>;

  constructor(
    source: ByteSource,
    owned: boolean,
    contents: SafetensorsFile | ReadonlyMap<string, string>,
    find: (shard: string) => Promise<FileLike>,
  ) {
    this.#source = source;
    this.#owned = owned;
    this.#single = contents instanceof SafetensorsFile ? contents : null;
    this.#shards = contents instanceof SafetensorsFile ? null : contents;
    this.#find = find;
  }

  #shard(name: string): Promise<SafetensorsFile> {
    let file = this.#files.get(name);
    if (!file) {
      file = this.#find(name).then(async (found) => SafetensorsFile.open(await openSource(found, name)));
      this.#files.set(name, file);
    }
    return file;
  }

  async #of(tensor: string): Promise<SafetensorsFile> {
    if (this.#single) return this.#single;
    const shard = this.#shards!.get(tensor);
    if (shard === undefined)
      throw new IndexError(
        `${this.#source.name} lists no tensor "${tensor}"; keys() gives those that it does`,
      );
    const file = await this.#shard(shard);
    if (!file.has(tensor))
      throw new FileError(
        file.source.name,
        `has no tensor "${tensor}", which ${this.#source.name} says is there`,
      );
    return file;
  }

  keys(): string[] {
    return this.#single ? this.#single.keys() : [...this.#shards!.keys()];
  }
  metadata(): Readonly<Record<string, string>> {
    return this.#single?.header.metadata ?? {};
  }
  async getTensor(name: string): Promise<AnyTensor> {
    return (await this.#of(name)).tensor(name);
  }
  async getSlice(name: string): Promise<SafeSlice> {
    const file = await this.#of(name);
    const { shape, dtype } = file.entry(name);
    return {
      getShape: () => [...shape],
      getDtype: () => dtype,
      async at(...index) {
        const { region, rest } = split(shape, index);
        const box = await file.region(name, region);
        return rest.length === 0 ? box : box.at(...rest);
      },
    };
  }
  /** All tensors by name. */
  async all(): Promise<Record<string, AnyTensor>> {
    if (this.#single) return Object.fromEntries(await this.#single.all());
    // One shard after the other; within a shard what the index asks for, whatever else is in it.
    const wanted = new Map<string, Set<string>>();
    for (const [tensor, shard] of this.#shards!)
      wanted.set(shard, (wanted.get(shard) ?? new Set<string>()).add(tensor));
    const tensors: [string, AnyTensor][] = [];
    for (const names of wanted.values()) {
      const [first] = names;
      const file = await this.#of(first!);
      for (const name of names) await this.#of(name);
      tensors.push(...(await file.all()).filter(([name]) => names.has(name)));
    }
    return Object.fromEntries(tensors);
  }
  async close(): Promise<void> {
    if (this.#owned) await this.#source.close();
    for (const opening of this.#files.values()) await (await opening.catch(() => null))?.source.close();
    this.#files.clear();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Where shards are: beside the index, or where the caller says. */
function finder(
  file: FileLike,
  source: ByteSource,
  options: OpenOptions,
): (shard: string) => Promise<FileLike> {
  return async (shard) => {
    if (options.shard) return options.shard(shard);
    if ((typeof file === "string" || file instanceof URL) && hasPaths()) {
      const { path } = await onNode(file);
      return path.join(path.dirname(pathOf(file)), shard);
    }
    throw new FileError(
      source.name,
      `lists the file "${shard}", and there is no folder to look for it in; give the option shard: (name) => file`,
    );
  };
}

export async function safeOpen(file: FileLike, options: OpenOptions): Promise<Opened> {
  const source = await openSource(file);
  const owned = source !== file;
  try {
    const contents = (await isIndex(source)) ? await readIndex(source) : await SafetensorsFile.open(source);
    return new Opened(source, owned, contents, finder(file, source, options));
  } catch (error) {
    if (owned) await source.close();
    throw error;
  }
}

export async function loadFile(file: FileLike, options: OpenOptions): Promise<Record<string, AnyTensor>> {
  const opened = await safeOpen(file, options);
  try {
    return await opened.all();
  } finally {
    await opened.close();
  }
}
