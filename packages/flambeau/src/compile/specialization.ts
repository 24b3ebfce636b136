// A captured function made into a program, and how it is run.
// Floor L4 (compile).

import type { CompiledProgram, Lender } from "../backend/backend.ts";
import { getBackend, leastLent } from "../backend/backend.ts";
import type { DType, TypedArray } from "../base/dtype.ts";
import { CompileError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { contiguousStrides } from "../base/shape.ts";
import type { BufferId } from "../ir/program.ts";
import type { HostAction } from "../tensor/capture/recorder.ts";
import { copyRange } from "../tensor/copy.ts";
import { mode } from "../tensor/grad-mode.ts";
import { lentArray } from "../tensor/recycle.ts";
import { allocateUnset, Storage } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor, Tensor } from "../tensor/tensor.ts";
import type { Captured, CapturedGradient } from "./capture.ts";
import { Guard } from "./guard.ts";
import type { Follower } from "./numbers.ts";
import type { Optimised } from "./passes/index.ts";
import { optimise } from "./passes/index.ts";
import { residence } from "./residents.ts";
import type { Tree } from "./tree.ts";
import { isFlat } from "./tree.ts";

interface Input {
  readonly leaf: number;
  /** The elements afterwards, where the argument is changed in place. */
  readonly after: number | null;
  readonly view: TypedArray;
  /** What was copied in last, and which version of it. */
  from: Storage | null;
  version: number;
}

/** A tensor that every run makes anew: where the program left its elements if they are lent, else a copy. */
class Made {
  readonly #compiled: CompiledProgram;
  /** null where elements are always copied. */
  readonly #lender: Lender | null;
  readonly #buffer: number;
  readonly #shape: Shape;
  readonly #strides: readonly number[];
  readonly #dtype: DType;
  readonly #bytes: number;
  readonly #view: TypedArray | null;
  readonly #lend = (): TypedArray | null => this.#compiled.lend(this.#buffer);

  constructor(compiled: CompiledProgram, lender: Lender | null, buffer: number, like: AnyTensor) {
    this.#compiled = compiled;
    this.#buffer = buffer;
    this.#shape = like.shape;
    this.#strides = contiguousStrides(like.shape);
    this.#dtype = like.dtype;
    const view = compiled.view(buffer);
    this.#bytes = view.byteLength;
    this.#lender = this.#bytes < leastLent ? null : lender;
    this.#view = this.#lender ? null : view;
  }

  #copy(): TypedArray {
    const view = this.#view ?? this.#compiled.view(this.#buffer);
    const data = allocateUnset(this.#dtype, view.length);
    copyRange(data, 0, view, 0, data.length);
    return data;
  }

  make(): AnyTensor {
    const lent = this.#lender && lentArray(this.#lender, this.#bytes, this.#lend);
    const data = lent ?? this.#copy();
    return new Tensor(new Storage(data), this.#shape, this.#dtype, this.#strides, 0, true, null);
  }
}

/** How often the elements of a buffer are looked at after a run. */
function usesOf({ outputs, gradients, inputs }: Captured): ReadonlyMap<BufferId, number> {
  const uses = new Map<BufferId, number>();
  const count = (buffer: unknown): void => {
    if (typeof buffer === "number") uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
  };
  for (const output of outputs) if (output.kind === "made") count(output.buffer);
  for (const { after } of [...gradients, ...inputs]) count(after);
  return uses;
}

type Output = Made | { readonly leaf: number } | { readonly value: unknown };

/** Copies an argument in, unless the same elements are there since the last run. */
function fill(input: Input, x: AnyTensor): void {
  const { view } = input;
  const { storage } = x;
  const whole = x.packed && x.offset === 0 && storage.counts;
  if (whole && storage === input.from && storage.version === input.version) return;
  const packed: AnyTensor = x.packed ? x : x.contiguous();
  copyRange(view, 0, packed.storage.data, packed.offset, view.length);
  input.from = whole ? storage : null;
  input.version = storage.version;
}

export class Specialization {
  readonly optimised: Optimised;
  readonly compiled: CompiledProgram;
  readonly captured: Captured;
  readonly guard: Guard;
  /** How the arguments are nested, and whether they are not. */
  readonly form: string;
  readonly flat: boolean;
  readonly #grad: boolean = mode.grad;
  readonly #followers: readonly Follower[];
  readonly #inputs: readonly Input[];
  readonly #changesInputs: boolean;
  readonly #outputs: readonly Output[];
  /** The only output, where the result is it. */
  readonly #only: Made | null;
  readonly #written: readonly Storage[];
  readonly #actions: readonly HostAction[];
  readonly #gradients: readonly CapturedGradient[];
  readonly #madeGradients: ReadonlyMap<AnyTensor, Made>;

  /** @param followers numbers of the host that follow from numbers among the arguments, behind those of `captured` */
  constructor(captured: Captured, args: Tree, followers: readonly Follower[] = []) {
    this.captured = captured;
    this.form = args.form;
    this.flat = isFlat(args);
    const { recorded, gradients } = captured;
    const { buffers } = recorded.program;
    const { programs } = getBackend();
    if (!programs) throw new CompileError("torch.compile: this backend runs no programs");
    this.optimised = optimise(recorded.program);
    const states = new Map(
      [...recorded.states].map(([buffer, storage]) => {
        const { dtype } = buffers[buffer]!;
        return [buffer, residence(storage, dtype, "the state of a compiled function")];
      }),
    );
    const places = [...recorded.states].map(([b, storage]) => [storage, states.get(b)!.array] as const);
    this.guard = new Guard(captured, args.leaves, new Set(followers.map((f) => f.leaf)), new Map(places));
    const compiled = programs.compile(this.optimised.program, states);
    this.compiled = compiled;
    this.#followers = followers;
    this.#inputs = captured.inputs.map(({ leaf, buffer, after }) => {
      const view = compiled.view(buffer);
      return { leaf, after, view, from: null, version: 0 };
    });
    this.#changesInputs = captured.inputs.some((i) => i.after !== null);
    const uses = usesOf(captured);
    const made = (buffer: BufferId, like: AnyTensor): Made =>
      new Made(compiled, uses.get(buffer) === 1 ? programs.results : null, buffer, like);
    this.#outputs = captured.outputs.map((o) =>
      o.kind === "made"
        ? made(o.buffer, o.like)
        : o.kind === "argument"
          ? { leaf: o.leaf }
          : { value: o.value },
    );
    const [first] = this.#outputs;
    const bare = this.#outputs.length === 1 && captured.result.build([first]) === first;
    this.#only = bare && first instanceof Made ? first : null;
    this.#written = [...recorded.written].flatMap((b) => recorded.states.get(b) ?? []);
    this.#actions = recorded.actions;
    this.#gradients = gradients;
    this.#madeGradients = new Map(
      gradients.flatMap(({ tensor, after }) =>
        typeof after === "number" ? [[tensor, made(after, tensor)] as const] : [],
      ),
    );
  }

  run(leaves: readonly unknown[]): unknown {
    const { compiled } = this;
    const inputs = this.#inputs;
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!;
      fill(input, leaves[input.leaf] as AnyTensor);
    }
    this.#act(leaves);
    try {
      compiled.run();
    } finally {
      // What a run changed before it failed is changed.
      const written = this.#written;
      for (let i = 0; i < written.length; i++) written[i]!.version++;
    }
    if (this.#changesInputs) this.#changeInputs(leaves);
    const gradients = this.#gradients;
    for (let i = 0; i < gradients.length; i++) this.#leave(gradients[i]!);
    if (this.#only) return this.#only.make();
    return this.captured.result.build(
      this.#outputs.map((o) => (o instanceof Made ? o.make() : "leaf" in o ? leaves[o.leaf] : o.value)),
    );
  }

  /** What JavaScript does before a run. */
  #act(leaves: readonly unknown[]): void {
    const { scalars } = this.compiled;
    const actions = this.#actions;
    for (let i = 0; i < actions.length; i++) {
      const action = actions[i]!;
      if (action.index < 0) action.run();
      else scalars[action.index] = action.run() as number;
    }
    const followers = this.#followers;
    const first = scalars.length - followers.length;
    for (let i = 0; i < followers.length; i++) {
      const { leaf, value } = followers[i]!;
      scalars[first + i] = value(leaves[leaf] as number);
    }
  }

  #changeInputs(leaves: readonly unknown[]): void {
    mode.grad = false;
    try {
      for (const { leaf, after } of this.#inputs) {
        if (after === null) continue;
        const x = leaves[leaf] as AnyTensor;
        const elements = new Storage(this.compiled.view(after));
        const strides = contiguousStrides(x.shape);
        x.copy_(new Tensor(elements, x.shape, x.dtype, strides, 0, true, null) as AnyTensor);
      }
    } finally {
      mode.grad = this.#grad;
    }
  }

  #leave({ tensor, before, after }: CapturedGradient): void {
    if (after === "before") {
      if (before) before.storage.version++;
    } else if (after === null || isTensor(after)) tensor.grad = after;
    else tensor.grad = this.#madeGradients.get(tensor)!.make();
  }

  release(): void {
    this.compiled.release();
  }
}
