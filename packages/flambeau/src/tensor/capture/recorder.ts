// Records a program: launches of kernels as steps, arrays as buffers, and what JavaScript has to do before each run.
// Floor L3 (tensor).

import type { Operand, StridedOperand } from "../../backend/backend.ts";
import type { DType, TypedArray } from "../../base/dtype.ts";
import { isContiguous, numel } from "../../base/shape.ts";
import type { MapNest, ReduceNest } from "../../ir/nest.ts";
import type { Access, Buffer, BufferId, HostStep, Program, Step } from "../../ir/program.ts";
import type { MatrixView } from "../../ir/routines.ts";
import type { RowNest } from "../../ir/row.ts";
import { ExprBuilder } from "../../ir/scalar.ts";
import type { Recorder, StepOf } from "../capturing.ts";
import { HostAccess, unrecorded } from "../capturing.ts";
import type { Storage } from "../storage.ts";
import type { AnyTensor } from "../tensor.ts";
import { CapturedArray, ownerOf } from "./arrays.ts";
import type { CalledOp } from "./host-call.ts";
import { calledOp, orTellOuter } from "./host-call.ts";
import type { Source } from "./loops.ts";
import { mapStep, matmulStep, productLoop, reduceStep, rowSteps } from "./loops.ts";

// biome-ignore lint/suspicious/noExplicitAny: ops take whatever they take.
type Fn = (...args: any[]) => any;

/** What JavaScript does before each run, in order: counts something, or computes a number. */
export interface HostAction {
  /** The number of the program that `run` computes; -1 if it does something else. */
  readonly index: number;
  readonly run: () => unknown;
}

/** Something that was so in the capture. */
export interface Fact {
  readonly get: () => unknown;
  readonly value: unknown;
}

/** What happened to the gradient of a tensor. */
export interface LeafAccess {
  /** The gradient before. */
  before: AnyTensor | null;
  /** Whether an optimizer has used it. */
  consumed: boolean;
}

/** What a capture found out, besides the program. */
export interface Recorded {
  readonly program: Program;
  /** Storages that were there before, by the buffers that stand for them. */
  readonly states: ReadonlyMap<BufferId, Storage>;
  /** Those that steps write to. */
  readonly written: ReadonlySet<BufferId>;
  readonly actions: readonly HostAction[];
  readonly facts: readonly Fact[];
  readonly modules: readonly object[];
  /** Leaves that were there before and were asked whether they require gradients. */
  readonly asked: readonly AnyTensor[];
  /** Tensors whose gradients were read or written. */
  readonly leaves: ReadonlyMap<AnyTensor, LeafAccess>;
}

export class ProgramRecorder implements Recorder {
  readonly #buffers: Buffer[] = [];
  readonly #steps: Step[] = [];
  readonly #byStorage = new Map<Storage, CapturedArray>();
  readonly #byData = new Map<TypedArray, CapturedArray>();
  readonly #states = new Map<BufferId, Storage>();
  readonly #written = new Set<BufferId>();
  readonly #scalars: string[] = [];
  readonly #marks = new Map<number, number>();
  readonly #actions: HostAction[] = [];
  readonly #facts: Fact[] = [];
  readonly #modules = new Set<object>();
  readonly #leaves = new Map<AnyTensor, LeafAccess>();
  readonly #asked = new Set<AnyTensor>();
  /** Names of the ops that are running, innermost last: for the names of buffers and for messages. */
  readonly #running: string[] = [];
  #failed: string | null = null;
  /** How to take back what steps did to arrays, should these steps be given up. */
  readonly #undo: (() => void)[] = [];

  // ---- arrays -------------------------------------------------------------------------------------------------

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

  /** An array that a caller fills before each run. */
  input(dtype: DType, n: number, name: string): CapturedArray {
    const owner = new CapturedArray(dtype, n, "steps", null, null);
    owner.buffer = this.#buffers.push({ dtype, length: n, kind: "input", name }) - 1;
    return owner;
  }

  #owner(data: TypedArray): CapturedArray {
    const owner = ownerOf(data) ?? this.#byData.get(data);
    if (owner) return owner;
    // An array that an op filled by itself, without a tensor around it.
    const made = new CapturedArray(plainDType(data), data.length, "host", data, null);
    this.#byData.set(data, made);
    return made;
  }

  #newBuffer(owner: CapturedArray, kind: Buffer["kind"]): BufferId {
    const { dtype, length } = owner;
    const name = this.#running.at(-1) ?? "";
    const buffer =
      kind === "const" ? { dtype, length, kind, name, data: owner.read() } : { dtype, length, kind, name };
    return this.#buffers.push(buffer) - 1;
  }

  /** The buffer behind an array that a step reads as `dtype`: bytes do not tell by themselves whether they are bool. */
  read(data: TypedArray, dtype?: DType): BufferId {
    const owner = this.#owner(data);
    if (owner.buffer >= 0) return owner.buffer;
    if (dtype !== undefined) owner.dtype = dtype;
    if (owner.storage) {
      owner.buffer = this.#newBuffer(owner, "state");
      this.#states.set(owner.buffer, owner.storage);
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
    const owner = this.#owner(data);
    if (owner.storage) {
      const buffer = this.read(data, dtype);
      this.#written.add(buffer);
      return buffer;
    }
    const given = owner.maker === "steps" && this.#buffers[owner.buffer]!.kind === "input";
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
    this.#steps.push(mapStep("fill", [length], body, { buffer, offset: 0, strides: [1] }, [], []));
  }

  #copyBuffer(from: BufferId, to: BufferId, { dtype, length }: CapturedArray): void {
    const k = new ExprBuilder();
    const at = (buffer: BufferId): Access => ({ buffer, offset: 0, strides: [1] });
    this.#steps.push(mapStep("copy", [length], k.input(0, dtype), at(to), [at(from)], [dtype]));
  }

  // ---- launches -----------------------------------------------------------------------------------------------

  #source(data: Operand, offset: number, strides: readonly number[], dtype?: DType): Source {
    if (typeof data === "number") {
      const scalar = this.#marks.get(data);
      return scalar === undefined ? data : { scalar };
    }
    return { buffer: this.read(data, dtype), offset, strides };
  }

  map(
    nest: MapNest,
    n: number,
    out: TypedArray,
    outOffset: number,
    operands: readonly Operand[],
    offsets: readonly number[],
  ): void {
    const types = nest.operands.map((o) => o.dtype);
    const sources = types.map((_, i) => this.#source(operands[i]!, offsets[i]!, [1], types[i]));
    const buffer = this.write(out, n === out.length, nest.body.dtype);
    const to = { buffer, offset: outOffset, strides: [1] };
    this.#steps.push(mapStep(nest.name, [n], nest.body, to, sources, types));
  }

  mapStrided(
    nest: MapNest,
    shape: readonly number[],
    out: StridedOperand,
    operands: readonly StridedOperand[],
  ): void {
    const types = nest.operands.map((o) => o.dtype);
    const sources = types.map((_, i) => {
      const { data, offset, strides } = operands[i]!;
      return this.#source(data, offset, strides, types[i]);
    });
    const to = this.#target(shape, out, nest.body.dtype);
    this.#steps.push(mapStep(nest.name, shape, nest.body, to, sources, types));
  }

  #target(shape: readonly number[], { data, offset, strides }: StridedOperand, dtype?: DType): Access {
    const array = data as TypedArray;
    const whole = numel(shape) === array.length && isContiguous(shape, strides);
    return { buffer: this.write(array, whole, dtype), offset, strides };
  }

  copy(dtype: DType, shape: readonly number[], to: StridedOperand, from: StridedOperand): void {
    const k = new ExprBuilder();
    const source = this.#source(from.data, from.offset, from.strides, dtype);
    const target = this.#target(shape, to, dtype);
    this.#steps.push(mapStep("copy", shape, k.input(0, dtype), target, [source], [dtype]));
  }

  reduce(
    nest: ReduceNest,
    outer: number,
    reduced: number,
    inner: number,
    out: TypedArray,
    outOffset: number,
    input: TypedArray,
    inputOffset: number,
    count: number,
  ): void {
    const from = { buffer: this.read(input, nest.input), offset: inputOffset };
    const to = { buffer: this.write(out, outer * inner === out.length), offset: outOffset };
    this.#steps.push(reduceStep(nest, outer, reduced, inner, from, to, count));
  }

  row(
    nest: RowNest,
    rows: number,
    n: number,
    operands: readonly Operand[],
    offsets: readonly number[],
    outputs: readonly TypedArray[],
  ): void {
    const sources = operands.map((data, i) => {
      if (typeof data === "number") return this.#source(data, 0, []);
      return { buffer: this.read(data, nest.operands[i]!.dtype), offset: offsets[i]! };
    });
    const to = outputs.map((out) => this.write(out, true));
    const temp = (dtype: DType, length: number): number =>
      this.#buffers.push({ dtype, length, kind: "temp", name: nest.name }) - 1;
    this.#steps.push(...rowSteps(nest, rows, n, sources, to, temp));
  }

  matmul(
    batch: number,
    m: number,
    n: number,
    k: number,
    a: MatrixView,
    aBatchStride: number,
    b: MatrixView,
    bBatchStride: number,
    out: TypedArray,
    outOffset: number,
    bias: { readonly data: TypedArray; readonly offset: number; readonly stride: number } | null,
  ): void {
    const dtype = this.#owner(out).dtype;
    if (dtype === "uint8" || dtype === "bool") throw new HostAccess("bytes were multiplied");
    const view = ({ data, offset, rowStride, colStride }: MatrixView, batchStride: number): Access => ({
      buffer: this.read(data),
      offset,
      strides: [batchStride, rowStride, colStride],
    });
    const [first, second] = [view(a, aBatchStride), view(b, bBatchStride)];
    const added = bias && { buffer: this.read(bias.data), offset: bias.offset, strides: [0, 0, bias.stride] };
    const to: Access = {
      buffer: this.write(out, batch * m * n === out.length),
      offset: outOffset,
      strides: [m * n, n, 1],
    };
    const name = this.#running.at(-1) ?? "matmul";
    const sizes = { batch, m, n, k };
    this.#steps.push(
      dtype === "float32" || dtype === "float64"
        ? matmulStep(name, dtype, sizes, first, second, added, to)
        : productLoop(name, dtype, sizes, first, second, added, to),
    );
  }

  step(make: StepOf): void {
    this.#steps.push(make(this.#accesses.read, this.#accesses.write));
  }

  readonly #accesses = {
    read: (x: AnyTensor): Access => ({
      buffer: this.read(x.storage.data, x.dtype),
      offset: x.offset,
      strides: x.strides,
    }),
    write: (x: AnyTensor, part = false): Access => ({
      buffer: this.write(
        x.storage.data,
        !part && x.packed && numel(x.shape) === x.storage.data.length,
        x.dtype,
      ),
      offset: x.offset,
      strides: x.strides,
    }),
  };

  // ---- JavaScript in every run ---------------------------------------------------------------------------------

  draw(name: string, data: TypedArray, offset: number, n: number, fill: (out: TypedArray) => void): void {
    const whole = offset === 0 && n === data.length;
    const buffer = whole
      ? this.write(data, true)
      : this.#buffers.push({ dtype: this.#owner(data).dtype, length: n, kind: "temp", name }) - 1;
    const step: HostStep = { kind: "host", name, reads: [], writes: [buffer], run: (_, [out]) => fill(out!) };
    this.#steps.push(step);
    if (whole) return;
    const { dtype } = this.#buffers[buffer]!;
    const to = { buffer: this.write(data, false), offset, strides: [1] };
    const k = new ExprBuilder();
    this.#steps.push(
      mapStep("copy", [n], k.input(0, dtype), to, [{ buffer, offset: 0, strides: [1] }], [dtype]),
    );
  }

  check(name: string, x: AnyTensor, look: (elements: TypedArray) => void): void {
    const { storage, offset, shape, dtype } = x.contiguous() as AnyTensor;
    const n = numel(shape);
    const whole = offset === 0 && n === storage.data.length;
    const run: HostStep["run"] = ([data]) => look(whole ? data! : data!.subarray(offset, offset + n));
    this.#steps.push({ kind: "host", name, reads: [this.read(storage.data, dtype)], writes: [], run });
  }

  call(name: string, forward: Fn, args: readonly unknown[], instead: (() => unknown) | null = null): unknown {
    const run = (): unknown => forward(...args);
    if (instead) return this.#attempt(name, run, (draws) => (draws ? null : instead));
    return this.#attempt(name, run, (drawing) =>
      this.#hosted(name, drawing, (draws) => calledOp(name, forward, args, null, draws)),
    );
  }

  mutate(name: string, change: Fn, self: AnyTensor, args: readonly unknown[]): void {
    this.#attempt(
      name,
      () => change(self, ...args),
      (drawing) =>
        this.#hosted(name, drawing, (draws) => calledOp(name, change, [self, ...args], self, draws)),
    );
  }

  /** Adds a step of the host. */
  #hosted(name: string, draws: boolean, call: (draws: boolean) => CalledOp): () => unknown {
    return () => {
      const { tensors, results, value, run } = orTellOuter(this.#running.length > 1, draws, call);
      const reads = tensors.map((t) => this.read(t.storage.data, t.dtype));
      const writes = results.map((t) => this.write(t.storage.data, !tensors.includes(t), t.dtype));
      this.#steps.push({ kind: "host", name, reads, writes, run });
      return value();
    };
  }

  /** `run`, or where it looks at elements what `instead` gives; null for nothing else. */
  #attempt(name: string, run: () => unknown, instead: (draws: boolean) => (() => unknown) | null): unknown {
    const length = this.#steps.length;
    const changes = this.#undo.length;
    this.#running.push(name);
    try {
      return run();
    } catch (error) {
      if (!(error instanceof HostAccess)) throw error;
      this.#failed ??= name;
      const other = instead(error.draws);
      if (!other) throw (this.#running.length > 1 ? null : error.refusal) ?? error;
      this.#failed = null;
      this.#steps.length = length;
      while (this.#undo.length > changes) this.#undo.pop()!();
      return other();
    } finally {
      this.#running.pop();
    }
  }

  scalar(name: string, f: () => number): number {
    const index = this.#scalars.push(name) - 1;
    this.#actions.push({ index, run: f });
    // Nobody computes with such numbers on purpose; kernels are given them as they are.
    const mark = -1.2345678912345e-211 * (index + 1);
    this.#marks.set(mark, index);
    return mark;
  }
  effect(run: () => void): void {
    this.#actions.push({ index: -1, run });
  }
  fact(get: () => unknown): void {
    this.#facts.push({ get, value: unrecorded(get) });
  }
  module(module: object): void {
    this.#modules.add(module);
  }
  asked(tensor: AnyTensor): void {
    this.#asked.add(tensor);
  }
  leaf(tensor: AnyTensor): void {
    if (this.#leaves.has(tensor)) return;
    const leaf: LeafAccess = { before: null, consumed: false };
    this.#leaves.set(tensor, leaf);
    leaf.before = tensor.grad;
  }
  consumed(tensor: AnyTensor): void {
    this.leaf(tensor);
    this.#leaves.get(tensor)!.consumed = true;
  }

  /** The op in which a value was looked at, if that ended the capture. */
  get failed(): string | null {
    return this.#failed;
  }

  /** Whether steps look into a storage that was there before. */
  touches(storage: Storage): boolean {
    return (this.#byStorage.get(storage)?.buffer ?? -1) >= 0;
  }

  /** Makes a buffer one that the caller reads after each run. */
  output(buffer: BufferId): void {
    this.#buffers[buffer] = { ...this.#buffers[buffer]!, kind: "output" };
  }
  kindOf(buffer: BufferId): Buffer["kind"] {
    return this.#buffers[buffer]!.kind;
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

  finish(): Recorded {
    return {
      program: { buffers: this.#buffers, steps: this.#steps, scalars: this.#scalars },
      states: this.#states,
      written: this.#written,
      actions: this.#actions,
      facts: this.#facts,
      modules: [...this.#modules],
      leaves: this.#leaves,
      asked: [...this.#asked].filter((t) => this.isOlder(t.storage) && t.isLeaf),
    };
  }
}

/** The dtype of a typed array; bytes are uint8, as far as the array itself tells. */
function plainDType(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  return data instanceof BigInt64Array ? "int64" : "uint8";
}
