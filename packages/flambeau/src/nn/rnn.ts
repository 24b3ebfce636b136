// Recurrent networks over sequences: RNN, LSTM, GRU.
// Floor L5 (nn). Source: torch/nn/modules/rnn.py

import { ValueError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named } from "./arguments.ts";
import type { RecurrentModuleOptions, RecurrentSettings } from "./rnn-base.ts";
import { RNNBase, recurrentDefaults } from "./rnn-base.ts";
import type { PackedSequence } from "./utils/rnn.ts";

interface Kind<
  Name extends string,
  In extends number,
  H extends number,
  Layers extends number,
  First extends boolean,
  Bi extends boolean,
  P extends number,
> {
  readonly name: Name;
  readonly inputs: In;
  readonly hidden: H;
  readonly layers: Layers;
  readonly first: First;
  readonly both: Bi;
  readonly projected: P;
}

/**
 * Elman's network: h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or relu.
 *
 * @param inputSize features of the input; @param hiddenSize features of the state
 * @param options.nonlinearity "tanh" (default) or "relu"
 * @returns when called, [output, h_n]
 *
 * **Shape** input [L, N, inputSize] (or [L, inputSize]; [N, L, inputSize] with `batchFirst`), output [L, N, directions *
 * hiddenSize], states [layers * directions, N, hiddenSize].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
 */
export class RNN<
  In extends number = number,
  H extends number = number,
  Layers extends number = 1,
  First extends boolean = false,
  Bi extends boolean = false,
> extends RNNBase<AnyTensor, Kind<"RNN", In, H, Layers, First, Bi, 0>> {
  readonly nonlinearity: "tanh" | "relu";

  constructor(
    inputSize: In,
    hiddenSize: H,
    options?: RecurrentModuleOptions<Layers, First, Bi> & { readonly nonlinearity?: "tanh" | "relu" },
  );
  constructor(...args: unknown[]) {
    // By position, PyTorch's arguments are those of its base class; the nonlinearity goes by name.
    const o = named<RecurrentSettings & { nonlinearity: string }>(
      "RNN",
      { ...recurrentDefaults, nonlinearity: "tanh", dtype: undefined },
      args,
    );
    if (o.nonlinearity !== "tanh" && o.nonlinearity !== "relu")
      throw new ValueError(`Unknown nonlinearity '${o.nonlinearity}'`);
    super(o.nonlinearity === "tanh" ? "RNN_TANH" : "RNN_RELU", { ...o, projSize: 0 });
    this.nonlinearity = o.nonlinearity;
  }
  /** @param h0 initial state; default zeros */
  forward(
    input: AnyTensor | PackedSequence,
    h0: AnyTensor | null = null,
  ): [output: AnyTensor | PackedSequence, h: AnyTensor] {
    const { output, states } = this.run(input, h0 ? [h0] : null);
    return [output, states[0]!];
  }
}

/**
 * Long short-term memory: c_t = f c_(t-1) + i g, h_t = o tanh(c_t), with gates i, f, o = sigmoid(W_i x_t + b_i + W_h h_(t-1) + b_h)
 * and g = tanh of the same form.
 *
 * @param options.projSize features that h is projected to; default 0, none
 * @returns when called, [output, [h_n, c_n]]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html, https://doi.org/10.1162/neco.1997.9.8.1735
 */
export class LSTM<
  In extends number = number,
  H extends number = number,
  Layers extends number = 1,
  First extends boolean = false,
  Bi extends boolean = false,
  P extends number = 0,
> extends RNNBase<readonly [h: AnyTensor, c: AnyTensor], Kind<"LSTM", In, H, Layers, First, Bi, P>> {
  constructor(
    inputSize: In,
    hiddenSize: H,
    options?: RecurrentModuleOptions<Layers, First, Bi> & { readonly projSize?: P },
  );
  constructor(...args: unknown[]) {
    super(
      "LSTM",
      named<RecurrentSettings>("LSTM", { ...recurrentDefaults, projSize: 0, dtype: undefined }, args),
    );
  }
  /** @param state initial [h0, c0]; default zeros */
  forward(
    input: AnyTensor | PackedSequence,
    state: readonly [h: AnyTensor, c: AnyTensor] | null = null,
  ): [output: AnyTensor | PackedSequence, state: [h: AnyTensor, c: AnyTensor]] {
    const { output, states } = this.run(input, state);
    return [output, [states[0]!, states[1]!]];
  }
}

/**
 * Gated recurrent units: h_t = (1 - z) n + z h_(t-1), n = tanh(W_in x_t + b_in + r (W_hn h_(t-1) + b_hn)), with gates r and z.
 * @returns when called, [output, h_n]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRU.html, https://arxiv.org/abs/1406.1078
 */
export class GRU<
  In extends number = number,
  H extends number = number,
  Layers extends number = 1,
  First extends boolean = false,
  Bi extends boolean = false,
> extends RNNBase<AnyTensor, Kind<"GRU", In, H, Layers, First, Bi, 0>> {
  constructor(inputSize: In, hiddenSize: H, options?: RecurrentModuleOptions<Layers, First, Bi>);
  constructor(...args: unknown[]) {
    super("GRU", {
      ...named<RecurrentSettings>("GRU", { ...recurrentDefaults, dtype: undefined }, args),
      projSize: 0,
    });
  }
  /** @param h0 initial state; default zeros */
  forward(
    input: AnyTensor | PackedSequence,
    h0: AnyTensor | null = null,
  ): [output: AnyTensor | PackedSequence, h: AnyTensor] {
    const { output, states } = this.run(input, h0 ? [h0] : null);
    return [output, states[0]!];
  }
}
