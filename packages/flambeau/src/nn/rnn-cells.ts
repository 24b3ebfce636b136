// Single steps of recurrent networks: RNNCell, LSTMCell, GRUCell.
// Floor L5 (nn). Source: torch/nn/modules/rnn.py

import type { DType } from "../base/dtype.ts";
import { getDefaultDType } from "../base/dtype.ts";
import { RuntimeError, ValueError } from "../base/errors.ts";
import type { CellLayer, Fits, Ok } from "../base/types/index.ts";
import { empty } from "../tensor/create.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import type { CellKind, CellState } from "./functional/recurrent.ts";
import { cellStep, gatesOf } from "./functional/recurrent.ts";
import { uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of the cells. */
export interface CellOptions {
  /** Default true. */
  readonly bias?: boolean;
  readonly dtype?: DType;
}
interface Settings {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  readonly nonlinearity: string;
  readonly dtype: DType | undefined;
}
const defaults = { inputSize: required, hiddenSize: required, bias: true };

type Step<X, In, H, Name extends string> = Tensor<Ok<CellLayer<ShapeOf<X>, In, H, Name>>, DtOf<X>>;

abstract class CellBase<In extends number, H extends number> extends Module {
  readonly inputSize: In;
  readonly hiddenSize: H;
  readonly bias: boolean;
  weightIh: Parameter;
  weightHh: Parameter;
  biasIh: Parameter | null;
  biasHh: Parameter | null;
  protected readonly kind: CellKind;

  constructor(kind: CellKind, o: Settings) {
    super();
    const rows = gatesOf(kind) * o.hiddenSize;
    const dtype = o.dtype ?? getDefaultDType();
    const parameter = (shape: readonly number[]): Parameter =>
      new Parameter(empty(shape, { dtype }) as AnyTensor) as Parameter;
    this.kind = kind;
    this.inputSize = o.inputSize as In;
    this.hiddenSize = o.hiddenSize as H;
    this.bias = o.bias;
    this.weightIh = parameter([rows, o.inputSize]);
    this.weightHh = parameter([rows, o.hiddenSize]);
    this.biasIh = o.bias ? parameter([rows]) : null;
    this.biasHh = o.bias ? parameter([rows]) : null;
    this.resetParameters();
  }
  /** Draws all parameters from U(-1 / sqrt(hiddenSize), 1 / sqrt(hiddenSize)). */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters()) uniform_(p, -bound, bound);
  }
  protected run(input: AnyTensor, states: readonly AnyTensor[] | null): CellState {
    const name = this.constructor.name;
    if (input.ndim !== 1 && input.ndim !== 2)
      throw new RuntimeError(`${name}: Expected input to be 1-D or 2-D but received ${input.ndim}-D tensor`);
    const single = input.ndim === 1;
    const x = single ? input.unsqueeze(0) : input;
    if (x.shape[1] !== this.inputSize)
      throw new RuntimeError(
        `input has inconsistent input_size: got ${x.shape[1]} expected ${this.inputSize}`,
      );
    const state = (i: number): AnyTensor => {
      const given = states?.[i];
      if (!given) return x.newZeros([x.shape[0], this.hiddenSize]);
      const h = single ? given.unsqueeze(0) : given;
      if (h.shape[0] !== x.shape[0])
        throw new RuntimeError(
          `Input batch size ${x.shape[0]} doesn't match hidden${i} batch size ${h.shape[0]}`,
        );
      if (h.shape[1] !== this.hiddenSize)
        throw new RuntimeError(
          `hidden${i} has inconsistent hidden_size: got ${h.shape[1]}, expected ${this.hiddenSize}`,
        );
      return h;
    };
    const initial = { h: state(0), c: this.kind === "LSTM" ? state(1) : null };
    const { weightIh, weightHh, biasIh, biasHh } = this;
    const next = cellStep(this.kind, x, initial, { weightIh, weightHh, biasIh, biasHh, weightHr: null });
    return single ? { h: next.h.squeeze(0), c: next.c ? next.c.squeeze(0) : null } : next;
  }
  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? "" : ", bias=False"}`;
  }
}

export interface RNNCell<In extends number, H extends number> {
  <X extends AnyTensor>(
    input: Fits<CellLayer<ShapeOf<X>, In, H, "RNNCell">, X>,
    h?: AnyTensor | null,
  ): Step<X, In, H, "RNNCell">;
  readonly "~rule": "cell";
}
/**
 * tanh(W_ih x + b_ih + W_hh h + b_hh), or relu.
 *
 * **Shape** input [N, inputSize] or [inputSize], state and result [N, hiddenSize] or [hiddenSize].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class RNNCell<In extends number = number, H extends number = number> extends CellBase<In, H> {
  readonly nonlinearity: "tanh" | "relu";
  constructor(
    inputSize: In,
    hiddenSize: H,
    options?: CellOptions & { readonly nonlinearity?: "tanh" | "relu" },
  );
  constructor(...args: unknown[]) {
    const o = named<Settings>("RNNCell", { ...defaults, nonlinearity: "tanh", dtype: undefined }, args);
    if (o.nonlinearity !== "tanh" && o.nonlinearity !== "relu")
      throw new ValueError(`Unknown nonlinearity: ${o.nonlinearity}`);
    super(o.nonlinearity === "tanh" ? "RNN_TANH" : "RNN_RELU", o);
    this.nonlinearity = o.nonlinearity;
  }
  /** @param h state; default zeros */
  forward(input: AnyTensor, h: AnyTensor | null = null): AnyTensor {
    return this.run(input, h ? [h] : null).h;
  }
  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === "tanh" ? "" : `, nonlinearity=${this.nonlinearity}`);
  }
}
export interface LSTMCell<In extends number, H extends number> {
  <X extends AnyTensor>(
    input: Fits<CellLayer<ShapeOf<X>, In, H, "LSTMCell">, X>,
    state?: readonly [h: AnyTensor, c: AnyTensor] | null,
  ): [h: Step<X, In, H, "LSTMCell">, c: Step<X, In, H, "LSTMCell">];
  readonly "~rule": "cell";
}
/** A step of an LSTM: called with (input, [h, c]), it returns [h, c]. @see https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class LSTMCell<In extends number = number, H extends number = number> extends CellBase<In, H> {
  constructor(inputSize: In, hiddenSize: H, options?: CellOptions);
  constructor(...args: unknown[]) {
    super("LSTM", named<Settings>("LSTMCell", { ...defaults, dtype: undefined }, args));
  }
  /** @param state [h, c]; default zeros */
  forward(
    input: AnyTensor,
    state: readonly [h: AnyTensor, c: AnyTensor] | null = null,
  ): [h: AnyTensor, c: AnyTensor] {
    const { h, c } = this.run(input, state);
    return [h, c!];
  }
}
export interface GRUCell<In extends number, H extends number> {
  <X extends AnyTensor>(
    input: Fits<CellLayer<ShapeOf<X>, In, H, "GRUCell">, X>,
    h?: AnyTensor | null,
  ): Step<X, In, H, "GRUCell">;
  readonly "~rule": "cell";
}
/** A step of a GRU. @see https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see Module.
export class GRUCell<In extends number = number, H extends number = number> extends CellBase<In, H> {
  constructor(inputSize: In, hiddenSize: H, options?: CellOptions);
  constructor(...args: unknown[]) {
    super("GRU", named<Settings>("GRUCell", { ...defaults, dtype: undefined }, args));
  }
  /** @param h state; default zeros */
  forward(input: AnyTensor, h: AnyTensor | null = null): AnyTensor {
    return this.run(input, h ? [h] : null).h;
  }
}
