// The buffers of a program that is being recorded, and the arrays that stand for them.
// Floor L3 (tensor).

import type { DType, TypedArray } from "../../base/dtype.ts";
import type { Access, Buffer, BufferId, Step } from "../../ir/program.ts";
import { ExprBuilder } from "../../ir/scalar.ts";
import type { Storage } from "../storage.ts";
import type { AnyTensor } from "../tensor.ts";
import { CapturedArray, ownerOf } from "./arrays.ts";
import { copyStep, mapStep } from "./loops.ts";

export class CapturedBuffers {
  readonly list: Buffer[] = [];
  /** Storages that were there before, by the buffers that stand for them. */
  readonly states: Map<BufferId, Storage> = new Map();
  /** Those of them that steps write to. */
  readonly written: Set<BufferId> = new Set();
  readonly #byStorage = new Map<Storage, CapturedArray>();
  readonly #byData = new Map<TypedArray, CapturedArray>();
  /** How to take back what steps did to arrays, should these steps be given up. */
  readonly #undo: (() => void)[] = [];
  /** Adds a step. */
  readonly #add: (step: Step) => void;
  /** What new buffers are called. */
  readonly #name: () => string;

  constructor(add: (step: Step) => void, name: () => string) {
    this.#add = add;
    this.#name = name;
  }

  arrayOf(storage: Storage, data: TypedArray): TypedArray {
    if (ownerOf(data)) return data;
    return this.#ownerOfStorage(storage, data).proxy;
  }

  #ownerOfStorage(storage: Storage, data: TypedArray): CapturedArray {
    // Tensors that share memory by other ways than views share the array.
    let owner = this.#byStorage.get(storage) ?? this.#byData.get(data);
    if (!owner) {
      owner = new CapturedArray(plainDType(data), data.length, "steps", null, storage);
      this.#byStorage.set(storage, owner);
      this.#byData.set(data, owner);
    }
    return owner;
  }

  born(storage: Storage, data: TypedArray): void {
    const known = ownerOf(data) ?? this.#byData.get(data);
    const owner = known ?? new CapturedArray(plainDType(data), data.length, "host", data, null);
    this.#byStorage.set(storage, owner);
    if (!known) this.#byData.set(data, owner);
  }

  allocate(dtype: DType, n: number, zeros: boolean): TypedArray {
    const owner = new CapturedArray(dtype, n, "nobody", null, null);
    if (zeros) owner.read();
    return owner.proxy;
  }

  /** An array that a caller fills before each run; or whose elements outlive runs. */
  input(dtype: DType, n: number, name: string, kind: "input" | "state" = "input"): CapturedArray {
    const owner = new CapturedArray(dtype, n, "steps", null, null);
    owner.buffer = this.list.push({ dtype, length: n, kind, name }) - 1;
    return owner;
  }

  /** What an array stands for. */
  owner(data: TypedArray): CapturedArray {
    const owner = ownerOf(data) ?? this.#byData.get(data);
    if (owner) return owner;
    // An array that an op filled by itself, without a tensor around it.
    const made = new CapturedArray(plainDType(data), data.length, "host", data, null);
    this.#byData.set(data, made);
    return made;
  }

  #newBuffer(owner: CapturedArray, kind: Buffer["kind"]): BufferId {
    const { dtype, length } = owner;
    const name = this.#name();
    const buffer =
      kind === "const" ? { dtype, length, kind, name, data: owner.read() } : { dtype, length, kind, name };
    return this.list.push(buffer) - 1;
  }

  /** The buffer behind an array that a step reads as `dtype`: bytes do not tell by themselves whether they are bool. */
  read(data: TypedArray, dtype?: DType): BufferId {
    const owner = this.owner(data);
    if (owner.buffer >= 0) return owner.buffer;
    if (dtype !== undefined) owner.dtype = dtype;
    if (owner.storage) {
      owner.buffer = this.#newBuffer(owner, "state");
      this.states.set(owner.buffer, owner.storage);
    } else {
      // Nobody has written to it: whatever it holds is zero then.
      owner.read();
      owner.frozen = true;
      owner.buffer = this.#newBuffer(owner, "const");
    }
    return owner.buffer;
  }

  /** The buffer behind an array that a step writes, wholly or in part. */
  write(data: TypedArray, whole: boolean, dtype?: DType): BufferId {
    const owner = this.owner(data);
    if (owner.storage) {
      const buffer = this.read(data, dtype);
      this.written.add(buffer);
      return buffer;
    }
    const given = owner.maker === "steps" && this.list[owner.buffer]!.kind === "input";
    if (owner.maker === "steps" && !given) return owner.buffer;
    // Arguments and constants stay as they are: what is changed is a copy.
    const kept = (given || owner.maker === "host") && !whole;
    const value = kept && owner.buffer < 0 ? owner.uniform() : null;
    const before = kept && value === null ? this.read(data) : -1;
    const { buffer, maker, contents } = owner;
    this.#undo.push(() => Object.assign(owner, { buffer, maker, contents }));
    owner.buffer = this.#newBuffer(owner, "temp");
    owner.maker = "steps";
    owner.contents = null;
    if (value !== null) this.#fill(owner.buffer, value, owner);
    else if (before >= 0) this.#copyBuffer(before, owner.buffer, owner);
    return owner.buffer;
  }

  #fill(buffer: BufferId, value: number, { dtype, length }: CapturedArray): void {
    const body = new ExprBuilder().const(value, dtype);
    this.#add(mapStep("fill", [length], body, { buffer, offset: 0, strides: [1] }, [], []));
  }

  #copyBuffer(from: BufferId, to: BufferId, { dtype, length }: CapturedArray): void {
    const at = (buffer: BufferId): Access => ({ buffer, offset: 0, strides: [1] });
    this.#add(copyStep([length], dtype, at(to), at(from)));
  }

  /** A buffer without an array. */
  temp(dtype: DType, length: number, name: string): BufferId {
    return this.list.push({ dtype, length, kind: "temp", name }) - 1;
  }

  /** How many changes of arrays there were; {@link undo} goes back to as many. */
  get changes(): number {
    return this.#undo.length;
  }

  undo(changes: number): void {
    while (this.#undo.length > changes) this.#undo.pop()!();
  }

  /** Whether steps look into a storage that was there before. */
  touches(storage: Storage): boolean {
    return (this.#byStorage.get(storage)?.buffer ?? -1) >= 0;
  }

  /** Makes a buffer one that the caller reads after each run. */
  output(buffer: BufferId): void {
    this.list[buffer] = { ...this.list[buffer]!, kind: "output" };
  }
  kindOf(buffer: BufferId): Buffer["kind"] {
    return this.list[buffer]!.kind;
  }

  /** The buffer that steps made the elements of `t` in, from the first to the last of it; null for another tensor. */
  madeBuffer(t: AnyTensor): BufferId | null {
    const owner = this.#byStorage.get(t.storage);
    if (!owner || owner.storage || owner.maker !== "steps") return null;
    return owner.buffer;
  }

  /** Whether the storage was there before the capture. */
  isOlder(storage: Storage): boolean {
    const owner = this.#byStorage.get(storage);
    return !owner || owner.storage !== null;
  }

  /** Ends the capture: tensors made in it lose their elements, unless JavaScript made them. */
  close(why: string): void {
    for (const [storage, owner] of this.#byStorage) {
      if (owner.storage) continue;
      if (owner.maker === "steps") storage.forget(why);
      else storage.move(owner.read());
    }
  }
}

/** The dtype of a typed array; bytes are uint8, as far as the array itself tells. */
function plainDType(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  return data instanceof BigInt64Array ? "int64" : "uint8";
}
