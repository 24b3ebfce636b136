// What the recurrent networks over sequences share: parameters, layers, states.
// Floor L5 (nn). Source: torch/nn/modules/rnn.py

import type { DType } from "../base/dtype.ts";
import { getDefaultDType } from "../base/dtype.ts";
import { RuntimeError, showShape, ValueError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { sameShape } from "../base/shape.ts";
import type { Fits, Mul, Ok, RecurrentLayer, RecurrentState } from "../base/types/index.ts";
import { empty } from "../tensor/create.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { required } from "./arguments.ts";
import type { CellKind, CellWeights } from "./functional/recurrent.ts";
import { gatesOf, recurrent } from "./functional/recurrent.ts";
import { uniform_ } from "./init.ts";
import { propertiesOf } from "./internals.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { pyBool, pyFloat } from "./print.ts";
import { PackedSequence } from "./utils/rnn.ts";

/** Options of the recurrent modules. */
export interface RecurrentModuleOptions<
  Layers extends number = number,
  First extends boolean = boolean,
  Bi extends boolean = boolean,
> {
  /** Default 1. */
  readonly numLayers?: Layers;
  /** Default true. */
  readonly bias?: boolean;
  /** Whether the batch stands before the sequence: [N, L, features]. Default false. */
  readonly batchFirst?: First;
  /** Dropout on the output of every layer but the last. Default 0. */
  readonly dropout?: number;
  /** Whether there is a second network that runs backwards. Default false. */
  readonly bidirectional?: Bi;
  readonly dtype?: DType;
}
/** @internal All settings. */
export interface RecurrentSettings extends Required<Omit<RecurrentModuleOptions, "dtype">> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly projSize: number;
  readonly dtype: DType | undefined;
}
/** @internal Arguments in PyTorch's order. */
export const recurrentDefaults: Readonly<Record<string, unknown>> = {
  inputSize: required,
  hiddenSize: required,
  numLayers: 1,
  bias: true,
  batchFirst: false,
  dropout: 0,
  bidirectional: false,
};

function checkSettings(o: RecurrentSettings): void {
  if (!(o.dropout >= 0 && o.dropout <= 1))
    throw new ValueError(
      "dropout should be a number in range [0, 1] representing the probability of an element being zeroed",
    );
  if (o.dropout > 0 && o.numLayers === 1)
    console.warn(
      "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater than 1, " +
        `but got dropout=${pyFloat(o.dropout)} and num_layers=1`,
    );
  if (o.projSize < 0)
    throw new ValueError("proj_size should be a positive integer or zero to disable projections");
  if (o.projSize >= o.hiddenSize) throw new ValueError("proj_size has to be smaller than hidden_size");
}

/** The states that come out: new tensors, of the number that goes in. */
type Last<State> = State extends readonly unknown[] ? [h: AnyTensor, c: AnyTensor] : AnyTensor;
/** N, or twice as many for two directions. */
type Directed<N, Bi> = [Bi] extends [true] ? Mul<N, 2> : [Bi] extends [false] ? N : number;

/** What is known of a recurrent network. `H` are the features of a state, `P` those that h is projected to (0 for none). */
export interface RecurrentKind {
  readonly name: string;
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: number;
  readonly first: boolean;
  readonly both: boolean;
  readonly projected: number;
}
type Gives<T extends RecurrentKind> = T["projected"] extends 0
  ? T["hidden"]
  : number extends T["projected"]
    ? number
    : T["projected"];
// The type without arguments is that of every such network: nothing but the rank of its results is known.
type Layers<T extends RecurrentKind> = number extends T["hidden"] ? number : Directed<T["layers"], T["both"]>;
type Output<X, T extends RecurrentKind> = RecurrentLayer<
  ShapeOf<X>,
  T["inputs"],
  Directed<Gives<T>, T["both"]>,
  T["name"]
>;
type StateOf<X, T extends RecurrentKind, F> = Tensor<
  RecurrentState<ShapeOf<X>, Layers<T>, number extends T["hidden"] ? boolean : T["first"], F>,
  DtOf<X>
>;
type States<State, X, T extends RecurrentKind> = State extends readonly unknown[]
  ? [h: StateOf<X, T, Gives<T>>, c: StateOf<X, T, T["hidden"]>]
  : StateOf<X, T, Gives<T>>;

export interface RNNBase<State, T extends RecurrentKind = RecurrentKind> {
  (input: PackedSequence, state?: State | null): [output: PackedSequence, state: Last<State>];
  <X extends AnyTensor>(
    input: Fits<Output<X, T>, X>,
    state?: State | null,
  ): [output: Tensor<Ok<Output<X, T>>, DtOf<X>>, state: States<State, X, T>];
}
/**
 * What RNN, LSTM and GRU share. Parameters: `weightIhL0` [gates * hidden, input], `weightHhL0`, `biasIhL0`, `biasHhL0`,
 * (`weightHrL0`), then those of the backward network (`weightIhL0Reverse`, ...), then of the next layer.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
// biome-ignore lint/correctness/noUnusedVariables: T is for the call, in the interface.
export abstract class RNNBase<State, T extends RecurrentKind = RecurrentKind> extends Module {
  declare readonly "~rule": State;
  /** Weights of layer k: `weightIhL${k}`, `weightHhL${k}`, with `Reverse` for the backward network. */
  [weight: `weight${"Ih" | "Hh" | "Hr"}L${string}`]: Parameter;
  [bias: `bias${"Ih" | "Hh"}L${string}`]: Parameter;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
  protected readonly mode: CellKind;

  constructor(mode: CellKind, o: RecurrentSettings) {
    super();
    checkSettings(o);
    this.mode = mode;
    this.inputSize = o.inputSize;
    this.hiddenSize = o.hiddenSize;
    this.numLayers = o.numLayers;
    this.bias = o.bias;
    this.batchFirst = o.batchFirst;
    this.dropout = o.dropout;
    this.bidirectional = o.bidirectional;
    this.projSize = o.projSize;
    const rows = gatesOf(mode) * o.hiddenSize;
    const dtype = o.dtype ?? getDefaultDType();
    const add = (name: string, shape: Shape): void =>
      this.registerParameter(name, new Parameter(empty(shape, { dtype }) as AnyTensor));
    for (const [suffix, layer] of this.suffixes()) {
      const input = layer === 0 ? o.inputSize : this.outputSize * this.directions;
      add(`weightIhL${suffix}`, [rows, input]);
      add(`weightHhL${suffix}`, [rows, this.outputSize]);
      if (o.bias) {
        add(`biasIhL${suffix}`, [rows]);
        add(`biasHhL${suffix}`, [rows]);
      }
      if (o.projSize > 0) add(`weightHrL${suffix}`, [o.projSize, o.hiddenSize]);
    }
    this.resetParameters();
  }

  protected get directions(): number {
    return this.bidirectional ? 2 : 1;
  }
  /** Features of the output of one direction. */
  protected get outputSize(): number {
    return this.projSize > 0 ? this.projSize : this.hiddenSize;
  }
  /** Endings of the parameters' names: `0`, `0Reverse`, `1`, ..., each with its layer. */
  protected suffixes(): [string, number][] {
    return Array.from({ length: this.numLayers * this.directions }, (_, i) => {
      const layer = Math.floor(i / this.directions);
      return [`${layer}${i % this.directions === 1 ? "Reverse" : ""}`, layer];
    });
  }
  /** Draws all parameters from U(-1 / sqrt(hiddenSize), 1 / sqrt(hiddenSize)). */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters()) uniform_(p, -bound, bound);
  }
  /** Runs the layers over a batch, a single sequence or packed ones; `states` are h0 and, of an LSTM, c0. */
  protected run(
    input: AnyTensor | PackedSequence,
    states: readonly AnyTensor[] | null,
  ): { output: AnyTensor | PackedSequence; states: AnyTensor[] } {
    return input instanceof PackedSequence ? this.runPacked(input, states) : this.runPadded(input, states);
  }

  private runPadded(
    input: AnyTensor,
    states: readonly AnyTensor[] | null,
  ): { output: AnyTensor; states: AnyTensor[] } {
    if (input.ndim !== 2 && input.ndim !== 3)
      throw new RuntimeError(
        `${this.constructor.name}: Expected input to be 2-D or 3-D but received ${input.ndim}-D tensor`,
      );
    const single = input.ndim === 2;
    const batchDim = this.batchFirst ? 0 : 1;
    let x = single ? input.unsqueeze(batchDim) : input;
    if (this.batchFirst) x = x.transpose(0, 1);
    const lifted = states?.map((given) => {
      if (given.ndim !== input.ndim)
        throw new RuntimeError(
          `For ${single ? "unbatched 2-D" : "batched 3-D"} input, hx should also be ${input.ndim}-D but got ${given.ndim}-D tensor`,
        );
      return (single ? given.unsqueeze(1) : given) as AnyTensor;
    });
    const { output, states: last } = this.runLayers(x, x.shape[1], lifted ?? null, null);
    const y = this.batchFirst ? output.transpose(0, 1) : output;
    return single
      ? { output: y.squeeze(batchDim), states: last.map((s) => s.squeeze(1)) }
      : { output: y, states: last };
  }

  private runPacked(
    packed: PackedSequence,
    states: readonly AnyTensor[] | null,
  ): { output: PackedSequence; states: AnyTensor[] } {
    const { data, sizes, sortedIndices, unsortedIndices } = packed;
    const sorted = sortedIndices ? states?.map((s) => s.indexSelect(1, sortedIndices) as AnyTensor) : states;
    const { output, states: last } = this.runLayers(data, sizes[0] ?? 0, sorted ?? null, sizes);
    return {
      output: packed.over(output),
      states: unsortedIndices ? last.map((s) => s.indexSelect(1, unsortedIndices)) : last,
    };
  }

  private runLayers(
    x: AnyTensor,
    batch: number,
    states: readonly AnyTensor[] | null,
    batchSizes: readonly number[] | null,
  ): { output: AnyTensor; states: AnyTensor[] } {
    const features: number = x.shape[x.ndim - 1];
    if (features !== this.inputSize)
      throw new RuntimeError(
        `input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${features}`,
      );
    const sizes = this.mode === "LSTM" ? [this.outputSize, this.hiddenSize] : [this.outputSize];
    const initial = sizes.map((size, i) => {
      const want = [this.numLayers * this.directions, batch, size];
      const given = states?.[i] ?? x.newZeros(want);
      if (!sameShape(given.shape, want))
        throw new RuntimeError(
          `Expected hidden${sizes.length > 1 ? `[${i}]` : ""} size (${want.join(", ")}), got ${showShape(given.shape)}`,
        );
      return given;
    });
    const { bidirectional, dropout, training } = this;
    const weights = weightsOf(this, this.suffixes());
    const { output, h, c } = recurrent(this.mode, x, initial[0]!, initial[1] ?? null, weights, {
      bidirectional,
      dropout,
      training,
      batchSizes,
    });
    return { output, states: c ? [h, c] : [h] };
  }

  override extraRepr(): string {
    let s = `${this.inputSize}, ${this.hiddenSize}`;
    if (this.projSize !== 0) s += `, proj_size=${this.projSize}`;
    if (this.numLayers !== 1) s += `, num_layers=${this.numLayers}`;
    if (!this.bias) s += `, bias=${pyBool(false)}`;
    if (this.batchFirst) s += `, batch_first=${pyBool(true)}`;
    if (this.dropout !== 0) s += `, dropout=${pyFloat(this.dropout)}`;
    if (this.bidirectional) s += `, bidirectional=${pyBool(true)}`;
    return s;
  }
}

/** The parameters of each layer and direction. */
function weightsOf(m: Module, suffixes: readonly [string, number][]): CellWeights[] {
  const own = propertiesOf(m) as Record<string, AnyTensor | undefined>;
  return suffixes.map(([suffix]) => ({
    weightIh: own[`weightIhL${suffix}`]!,
    weightHh: own[`weightHhL${suffix}`]!,
    biasIh: own[`biasIhL${suffix}`] ?? null,
    biasHh: own[`biasHhL${suffix}`] ?? null,
    weightHr: own[`weightHrL${suffix}`] ?? null,
  }));
}
