// One run of a function during which nothing is computed: what it would launch, read and change.
// Floor L4 (compile).

import type { DType } from "../base/dtype.ts";
import { CompileError } from "../base/errors.ts";
import { contiguousStrides, numel } from "../base/shape.ts";
import type { BufferId } from "../ir/program.ts";
import type { CapturedArray } from "../tensor/capture/arrays.ts";
import type { LeafAccess, Recorded } from "../tensor/capture/recorder.ts";
import { ProgramRecorder } from "../tensor/capture/recorder.ts";
import { HostAccess, setRecorder } from "../tensor/capturing.ts";
import { mode } from "../tensor/grad-mode.ts";
import { Storage } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor, Tensor } from "../tensor/tensor.ts";
import type { Tree } from "./tree.ts";
import { treeOf } from "./tree.ts";
import { userLine } from "./user-line.ts";

// biome-ignore lint/suspicious/noExplicitAny: the compiled function takes whatever it takes.
type Fn = (...args: any[]) => unknown;

/** A tensor among the arguments whose elements are copied in before each run. */
export interface CapturedInput {
  /** Which leaf of the arguments. */
  readonly leaf: number;
  readonly buffer: BufferId;
  /** The buffer with the elements that it has afterwards, if steps change it: then the argument is changed after each run. */
  readonly after: BufferId | null;
}

/** A leaf of the result. */
export type CapturedOutput =
  /** A new tensor. */
  | { readonly kind: "made"; readonly buffer: BufferId; readonly like: AnyTensor }
  /** An argument. */
  | { readonly kind: "argument"; readonly leaf: number }
  /** The same in every run. */
  | { readonly kind: "fixed"; readonly value: unknown };

/** What a run leaves in the gradient of a tensor. */
export interface CapturedGradient {
  readonly tensor: AnyTensor;
  /** The gradient when a run begins: null, or one that there was before, if steps look into it. */
  readonly before: AnyTensor | null;
  /** Whether the gradient before is looked into, and must be this one. */
  readonly exact: boolean;
  /** null: none; a buffer: a new tensor with these elements; "before": the same as before; else a tensor without elements. */
  readonly after: null | "before" | BufferId | AnyTensor;
}

export interface Captured {
  readonly recorded: Recorded;
  readonly inputs: readonly CapturedInput[];
  readonly outputs: readonly CapturedOutput[];
  readonly result: Tree;
  readonly gradients: readonly CapturedGradient[];
}

/**
 * Whether an argument is taken as the tensor that it is, not for its elements alone: a leaf that is differentiated.
 * @throws CompileError for an argument that was computed from one: its gradient could not flow on.
 */
export function isByIdentity(x: AnyTensor): boolean {
  if (!mode.grad || !x.requiresGrad) return false;
  if (x.isLeaf) return true;
  throw new CompileError(
    "an argument of a compiled function was computed from tensors that require gradients, which would not flow through the " +
      "call: compute it inside of the function, pass x.detach(), or call the function under torch.noGrad",
  );
}

const notKept =
  "this tensor was made inside of a function that torch.compile captured, and its elements were not kept: return it from the function, or " +
  "copy it into a tensor that was there before (t.copy_(x))";
const gradientNotKept =
  "this gradient was used by an optimizer inside of a compiled function, and was not kept: compile with { keepGradients: true } to look " +
  "at it, or call zeroGrad() before gradients are added up eagerly";

/** @throws CompileError for what cannot be captured. */
export function capture(fn: Fn, args: Tree, keepGradients: boolean): Captured {
  const recorder = new ProgramRecorder();
  const inputs: { leaf: number; buffer: BufferId; array: CapturedArray }[] = [];
  const stands = new Map<AnyTensor, number>();
  const consumed: AnyTensor[] = [];
  setRecorder(recorder);
  try {
    const leaves = args.leaves.map((x, leaf) => {
      if (!isTensor(x) || isByIdentity(x)) return x;
      const array = recorder.buffers.input(x.dtype as DType, numel(x.shape), `argument ${leaf}`);
      inputs.push({ leaf, buffer: array.buffer, array });
      const strides = contiguousStrides(x.shape);
      const tensor = new Tensor(
        new Storage(array.proxy),
        x.shape,
        x.dtype,
        strides,
        0,
        true,
        null,
      ) as AnyTensor;
      stands.set(tensor, leaf);
      return tensor;
    });
    const value = run(fn, args.build(leaves) as unknown[], recorder);
    const result = treeOf(value);
    const made = new Map<BufferId, CapturedOutput>();
    const outputs = result.leaves.map((x): CapturedOutput => {
      if (!isTensor(x)) return { kind: "fixed", value: x };
      const leaf = stands.get(x);
      if (leaf !== undefined) return { kind: "argument", leaf };
      if (recorder.buffers.isOlder(x.storage) && x.base === null) return { kind: "fixed", value: x };
      if (numel(x.shape) === 0) return { kind: "fixed", value: x.newZeros(x.shape) };
      return outputOf(x, recorder, made);
    });
    for (const { buffer, array } of inputs)
      if (array.buffer !== buffer) recorder.buffers.output(array.buffer);
    const gradients = [...recorder.leaves].map(([tensor, access]) =>
      gradientOf(tensor, access, recorder, made, keepGradients),
    );
    for (const { after } of gradients) if (isTensor(after) && numel(after.shape) > 0) consumed.push(after);
    const recorded = recorder.finish();
    return {
      recorded,
      inputs: inputs.map(({ leaf, buffer, array }) => ({
        leaf,
        buffer,
        after: array.buffer === buffer ? null : array.buffer,
      })),
      outputs,
      result,
      gradients,
    };
  } finally {
    setRecorder(null);
    recorder.buffers.close(notKept);
    for (const t of consumed) t.storage.forget(gradientNotKept);
  }
}

function run(fn: Fn, args: readonly unknown[], recorder: ProgramRecorder): unknown {
  try {
    const value = fn(...args);
    if (value instanceof Promise)
      throw new CompileError("torch.compile takes no async function: what it awaits cannot be captured");
    return value;
  } catch (thrown) {
    const error = thrown instanceof HostAccess && thrown.refusal ? thrown.refusal : thrown;
    if (error instanceof HostAccess) {
      const where = userLine(error);
      const op = recorder.failed ? ` in ${recorder.failed}` : "";
      const refusal = new CompileError(
        `the function given to torch.compile looks at values of a tensor${op}${where} (${error.message}): while it is captured there are ` +
          "none. Return the tensor and look at it outside, or use torch.where instead of a branch on a value",
      );
      refusal.cause = error;
      throw refusal;
    }
    if (error instanceof CompileError) {
      const where = userLine(error);
      if (where && !error.message.includes(where)) error.message += ` (called${where})`;
    }
    throw error;
  }
}

/** The elements of `x` as a buffer that the caller reads. */
function outputOf(
  x: AnyTensor,
  recorder: ProgramRecorder,
  made: Map<BufferId, CapturedOutput>,
): CapturedOutput {
  let buffer = recorder.buffers.madeBuffer(x);
  const whole = x.packed && x.offset === 0 && numel(x.shape) === x.storage.data.length;
  if (buffer === null || !whole || recorder.buffers.kindOf(buffer) !== "temp" || made.has(buffer)) {
    // A view, an array of JavaScript's, or a result that is there twice.
    const copy: AnyTensor = x.detach().clone();
    // No step makes a tensor without elements.
    buffer = recorder.buffers.madeBuffer(copy) ?? recorder.buffers.write(copy.storage.data, true);
  }
  recorder.buffers.output(buffer);
  const output: CapturedOutput = { kind: "made", buffer, like: x };
  made.set(buffer, output);
  return output;
}

function gradientOf(
  tensor: AnyTensor,
  { before, consumed }: LeafAccess,
  recorder: ProgramRecorder,
  made: Map<BufferId, CapturedOutput>,
  keep: boolean,
): CapturedGradient {
  const exact = before !== null && recorder.buffers.touches(before.storage);
  const now: AnyTensor | null = tensor.grad;
  if (now === null) return { tensor, before, exact, after: null };
  if (now === before) return { tensor, before, exact, after: "before" };
  if ((consumed && !keep) || numel(now.shape) === 0) {
    const gone: AnyTensor = numel(now.shape) === 0 ? now.newZeros(now.shape) : now.detach();
    return { tensor, before, exact, after: gone };
  }
  const output = outputOf(now, recorder, made);
  return { tensor, before, exact, after: (output as { buffer: BufferId }).buffer };
}
