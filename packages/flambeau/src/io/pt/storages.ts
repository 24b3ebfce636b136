// The storages of a PyTorch file: what a pickle says of them, and the memory that tensors share as in the file. Floor L5 (io).
// Source: torch/serialization.py

import { FileError, RuntimeError } from "../../base/errors.ts";
import { Storage } from "../../tensor/storage.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { ElementFormat } from "../elements.ts";
import { arrayFor, elementFormats, readElements } from "../elements.ts";
import type { Machine } from "../pickle/machine.ts";
import { cost } from "../pickle/machine.ts";
import { expectArgs } from "../pickle/python.ts";
import { Pending, PyGlobal } from "../pickle/values.ts";
import type { ByteSource } from "../source.ts";

/** Classes of storages by name, and the format of their elements; null: bytes that a tensor gives a dtype. */
const classes: ReadonlyMap<string, ElementFormat | null> = new Map([
  ["FloatStorage", elementFormats.f32],
  ["DoubleStorage", elementFormats.f64],
  ["HalfStorage", elementFormats.f16],
  ["BFloat16Storage", elementFormats.bf16],
  ["LongStorage", elementFormats.i64],
  ["IntStorage", elementFormats.i32],
  ["ShortStorage", elementFormats.i16],
  ["CharStorage", elementFormats.i8],
  ["ByteStorage", elementFormats.u8],
  ["BoolStorage", elementFormats.bool],
  ["UntypedStorage", null],
]);

/** A storage class as pickles name it. */
class StorageClass extends PyGlobal {
  readonly format: ElementFormat | null;
  constructor(name: string, format: ElementFormat | null) {
    super(name);
    this.format = format;
  }
}

const places = ["torch", "torch.cuda", "torch.storage"];

/** Names of storage classes; of those of tensors on a GPU too, since all tensors are here in the end. */
export const storageGlobals: ReadonlyMap<string, PyGlobal> = new Map(
  places.flatMap((place) =>
    [...classes].map(([name, format]) => [`${place}.${name}`, new StorageClass(`${place}.${name}`, format)]),
  ),
);

/** One storage of the file. */
export class FileStorage {
  readonly key: string;
  readonly bytes: number;
  /** null until a tensor says it. */
  format: ElementFormat | null;
  #memory: Storage | null = null;

  constructor(key: string, bytes: number, format: ElementFormat | null) {
    this.key = key;
    this.bytes = bytes;
    this.format = format;
  }

  /** The memory, of elements that are read later. */
  get memory(): Storage {
    this.format ??= elementFormats.u8;
    this.#memory ??= new Storage(arrayFor(this.format, this.bytes / this.format.bytes));
    return this.#memory;
  }

  /** Reads the elements, which begin at `start`. @throws FileError if they are not there, or not those of a dtype here */
  async fill(source: ByteSource, start: number, big: boolean): Promise<void> {
    const { data } = this.memory;
    try {
      await readElements(source, this.format!, start, data, big);
    } catch (error) {
      if (error instanceof RuntimeError && !(error instanceof FileError))
        throw new FileError(source.name, `storage ${JSON.stringify(this.key)}: ${error.message}`, {
          cause: error,
        });
      throw error;
    }
  }
}

/** A storage, or a part of one in old files, as the pickle passes it on. By itself it becomes a tensor of one dimension. */
export class StorageRef extends Pending {
  readonly storage: FileStorage;
  /** First element, and the number of them; null: all. */
  readonly start: number;
  readonly #length: number | null;

  constructor(storage: FileStorage, start = 0, length: number | null = null) {
    super();
    this.storage = storage;
    this.start = start;
    this.#length = length;
  }
  get length(): number {
    const { bytes, format } = this.storage;
    return this.#length ?? bytes / (format?.bytes ?? 1);
  }
  settle(): unknown {
    const { memory } = this.storage;
    return new Tensor(memory, [this.length], this.storage.format!.dtype, [1], this.start, true, null);
  }
}

/** The storages that a pickle names, by key, each once. */
export class StorageTable {
  readonly byKey: Map<string, FileStorage> = new Map();
  readonly #check: (m: Machine, key: string, bytes: number) => void;

  /** @param check throws unless the file holds so many bytes for a key */
  constructor(check: (m: Machine, key: string, bytes: number) => void) {
    this.#check = check;
  }

  /** What the id ("storage", class, key, device, number of elements[, (key, first element, number) of a part]) stands for. */
  find(m: Machine, id: unknown): StorageRef {
    const name = "a storage";
    expectArgs(m, name, m.isTuple(id) && id[0] === "storage" && (id.length === 5 || id.length === 6));
    const [, type, key, , count, view = null] = id;
    expectArgs(m, name, type instanceof StorageClass);
    const storage = this.#get(m, type, String(key), count);
    if (view === null) return new StorageRef(storage);
    expectArgs(m, name, m.isTuple(view) && view.length === 3);
    const [, start, length] = view as [unknown, number, number];
    expectArgs(
      m,
      name,
      isCount(start) && isCount(length) && start + length <= new StorageRef(storage).length,
    );
    return new StorageRef(storage, start, length);
  }

  #get(m: Machine, { name, format }: StorageClass, key: string, count: unknown): FileStorage {
    expectArgs(m, name, isCount(count));
    const bytes = count * (format?.bytes ?? 1);
    const known = this.byKey.get(key);
    if (known) {
      if (known.bytes === bytes && (format === null || known.format === format)) return known;
      throw m.bad(`storage ${JSON.stringify(key)} comes with two types or sizes`);
    }
    m.spend(cost.tensor);
    this.#check(m, key, bytes);
    const storage = new FileStorage(key, bytes, format);
    this.byKey.set(key, storage);
    return storage;
  }
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
