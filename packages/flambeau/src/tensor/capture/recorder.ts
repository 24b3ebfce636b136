// Records a program: launches of kernels as steps, arrays as buffers, and what JavaScript has to do before each run.
// Floor L3 (tensor).

import type { Operand, StridedOperand } from "../../backend/backend.ts";
import type { DType, TypedArray } from "../../base/dtype.ts";
import { isContiguous, numel } from "../../base/shape.ts";
import type { MapNest, ReduceNest } from "../../ir/nest.ts";
import type { Access, BufferId, HostStep, Program, RoundBinding, Step } from "../../ir/program.ts";
import type { MatrixView } from "../../ir/routines.ts";
import type { RowNest } from "../../ir/row.ts";
import type { Recorder, Rounds, RoundTensor, StepOf } from "../capturing.ts";
import { HostAccess, setRecorder, unrecorded } from "../capturing.ts";
import type { Storage } from "../storage.ts";
import type { AnyTensor } from "../tensor.ts";
import { fresh } from "../tensor.ts";
import { CapturedBuffers } from "./buffers.ts";
import type { CalledOp } from "./host-call.ts";
import { calledOp, orTellOuter } from "./host-call.ts";
import type { Source } from "./loops.ts";
import { copyStep, mapStep, matmulStep, productLoop, reduceStep, rowSteps } from "./loops.ts";

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
  readonly #steps: Step[] = [];
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
  readonly buffers: CapturedBuffers = new CapturedBuffers(
    (step) => this.#steps.push(step),
    () => this.#running.at(-1) ?? "",
  );

  arrayOf(storage: Storage, data: TypedArray): TypedArray {
    return this.buffers.arrayOf(storage, data);
  }
  born(storage: Storage, data: TypedArray): void {
    this.buffers.born(storage, data);
  }
  allocate(dtype: DType, n: number, zeros: boolean): TypedArray {
    return this.buffers.allocate(dtype, n, zeros);
  }

  // ---- launches -----------------------------------------------------------------------------------------------

  #source(data: Operand, offset: number, strides: readonly number[], dtype?: DType): Source {
    if (typeof data === "number") {
      const scalar = this.#marks.get(data);
      return scalar === undefined ? data : { scalar };
    }
    return { buffer: this.buffers.read(data, dtype), offset, strides };
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
    const buffer = this.buffers.write(out, n === out.length, nest.body.dtype);
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
    return { buffer: this.buffers.write(array, whole, dtype), offset, strides };
  }

  copy(dtype: DType, shape: readonly number[], to: StridedOperand, from: StridedOperand): void {
    const source = this.#source(from.data, from.offset, from.strides, dtype);
    const target = this.#target(shape, to, dtype);
    this.#steps.push(copyStep(shape, dtype, target, source));
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
    const from = { buffer: this.buffers.read(input, nest.input), offset: inputOffset };
    const to = { buffer: this.buffers.write(out, outer * inner === out.length), offset: outOffset };
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
      return { buffer: this.buffers.read(data, nest.operands[i]!.dtype), offset: offsets[i]! };
    });
    const to = outputs.map((out) => this.buffers.write(out, true));
    const temp = (dtype: DType, length: number): number => this.buffers.temp(dtype, length, nest.name);
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
    const dtype = this.buffers.owner(out).dtype;
    if (dtype === "uint8" || dtype === "bool") throw new HostAccess("bytes were multiplied");
    const view = ({ data, offset, rowStride, colStride }: MatrixView, batchStride: number): Access => ({
      buffer: this.buffers.read(data),
      offset,
      strides: [batchStride, rowStride, colStride],
    });
    const [first, second] = [view(a, aBatchStride), view(b, bBatchStride)];
    const added = bias && {
      buffer: this.buffers.read(bias.data),
      offset: bias.offset,
      strides: [0, 0, bias.stride],
    };
    const to: Access = {
      buffer: this.buffers.write(out, batch * m * n === out.length),
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
      buffer: this.buffers.read(x.storage.data, x.dtype),
      offset: x.offset,
      strides: x.strides,
    }),
    write: (x: AnyTensor, part = false): Access => ({
      buffer: this.buffers.write(
        x.storage.data,
        !part && x.packed && numel(x.shape) === x.storage.data.length,
        x.dtype,
      ),
      offset: x.offset,
      strides: x.strides,
    }),
  };

  repeat(rounds: Rounds): boolean {
    const { name, counts, apart = 0, reads, changes = [], writes } = rounds;
    const inner = new ProgramRecorder();
    const round = inner.#asBody(rounds, this);
    if (!round) return false;
    const bind = (
      list: readonly RoundTensor[],
      buffers: readonly BufferId[],
      use: "read" | "write",
    ): RoundBinding[] =>
      list.map(({ tensor, advance }, i) => ({
        inner: buffers[i]!,
        access: { ...this.#accesses[use](tensor, true), strides: advance },
      }));
    const constants = round.program.buffers.flatMap((b, id): RoundBinding[] => {
      if (!b.data) return [];
      const buffer = this.buffers.list.push(b) - 1;
      return [{ inner: id, access: { buffer, offset: 0, strides: counts.map(() => 0) } }];
    });
    this.#steps.push({
      kind: "repeat",
      name,
      counts,
      apart,
      body: {
        ...round.program,
        buffers: round.program.buffers.map(({ data, ...b }) => (data ? { ...b, kind: "input" as const } : b)),
      },
      bindings: [
        ...bind(reads, round.inputs, "read"),
        ...constants,
        ...bind(changes, round.inputs.slice(reads.length), "write"),
        ...bind(writes, round.outputs, "write"),
      ],
    });
    return true;
  }

  /** Records one round; null if there is more in it than a body may have. */
  #asBody(
    { name, reads, changes = [], body }: Rounds,
    outer: Recorder,
  ): { program: Program; inputs: readonly BufferId[]; outputs: readonly BufferId[] } | null {
    setRecorder(this);
    this.#running.push(name);
    try {
      const inputs: BufferId[] = [];
      const given = [...reads, ...changes].map(({ tensor }, i) => {
        const kind = i < reads.length ? "input" : "state";
        const array = this.buffers.input(tensor.dtype as DType, numel(tensor.shape), `operand ${i}`, kind);
        inputs.push(array.buffer);
        return fresh(array.proxy, tensor.shape as number[], tensor.dtype) as AnyTensor;
      });
      const outputs = body(given).map((x) => {
        const made = x.packed && x.offset === 0 && x.numel() === x.storage.data.length;
        let buffer = made ? this.buffers.madeBuffer(x) : null;
        // A view, an operand, or a result that is there twice.
        if (buffer === null || this.buffers.kindOf(buffer) !== "temp")
          buffer = this.buffers.madeBuffer(x.detach().clone());
        if (buffer !== null) this.buffers.output(buffer);
        return buffer;
      });
      const { program, states, actions } = this.finish();
      const plain = program.steps.every(
        ({ kind }) => kind === "loop" || kind === "matmul" || kind === "conv",
      );
      const whole = plain && states.size === 0 && actions.length === 0 && !outputs.includes(null);
      return whole ? { program, inputs, outputs: outputs as BufferId[] } : null;
    } finally {
      setRecorder(outer);
      this.buffers.close("this tensor was made in a round of a loop");
    }
  }

  // ---- JavaScript in every run ---------------------------------------------------------------------------------

  draw(name: string, data: TypedArray, offset: number, n: number, fill: (out: TypedArray) => void): void {
    const whole = offset === 0 && n === data.length;
    const buffer = whole
      ? this.buffers.write(data, true)
      : this.buffers.temp(this.buffers.owner(data).dtype, n, name);
    const step: HostStep = { kind: "host", name, reads: [], writes: [buffer], run: (_, [out]) => fill(out!) };
    this.#steps.push(step);
    if (whole) return;
    const { dtype } = this.buffers.list[buffer]!;
    const to = { buffer: this.buffers.write(data, false), offset, strides: [1] };
    this.#steps.push(copyStep([n], dtype, to, { buffer, offset: 0, strides: [1] }));
  }

  host(name: string, run: () => void): void {
    this.#steps.push({ kind: "host", name, reads: [], writes: [], run });
  }

  check(name: string, x: AnyTensor, look: (elements: TypedArray) => void): void {
    const { storage, offset, shape, dtype } = x.contiguous() as AnyTensor;
    const n = numel(shape);
    const whole = offset === 0 && n === storage.data.length;
    const run: HostStep["run"] = ([data]) => look(whole ? data! : data!.subarray(offset, offset + n));
    this.#steps.push({
      kind: "host",
      name,
      reads: [this.buffers.read(storage.data, dtype)],
      writes: [],
      run,
    });
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
      const reads = tensors.map((t) => this.buffers.read(t.storage.data, t.dtype));
      const writes = results.map((t) => this.buffers.write(t.storage.data, !tensors.includes(t), t.dtype));
      this.#steps.push({ kind: "host", name, reads, writes, run });
      return value();
    };
  }

  /** `run`, or where it looks at elements what `instead` gives; null for nothing else. */
  #attempt(name: string, run: () => unknown, instead: (draws: boolean) => (() => unknown) | null): unknown {
    const length = this.#steps.length;
    const { changes } = this.buffers;
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
      this.buffers.undo(changes);
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

  /** Tensors whose gradients were read or written so far. */
  get leaves(): ReadonlyMap<AnyTensor, LeafAccess> {
    return this.#leaves;
  }

  finish(): Recorded {
    return {
      program: { buffers: this.buffers.list, steps: this.#steps, scalars: this.#scalars },
      states: this.buffers.states,
      written: this.buffers.written,
      actions: this.#actions,
      facts: this.#facts,
      modules: [...this.#modules],
      leaves: this.#leaves,
      asked: [...this.#asked].filter((t) => this.buffers.isOlder(t.storage) && t.isLeaf),
    };
  }
}
