// One step of each recurrent cell as a function of its input, its state and its weights.
// Floor L4 (ops). Source: ATen/native/RNN.cpp

import { RuntimeError, showShape } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { CellKind, CellState } from "./cell-step.ts";
import { cellStep, gatesOf } from "./cell-step.ts";
import { composite } from "./define.ts";
import type { CellFn, LstmCellFn } from "./signatures.ts";

type Maybe = AnyTensor | null | undefined;

function run(
  name: string,
  kind: CellKind,
  x: AnyTensor,
  state: CellState,
  weightIh: AnyTensor,
  weightHh: AnyTensor,
  biasIh: Maybe,
  biasHh: Maybe,
): CellState {
  const { h, c } = state;
  const hidden: number = weightHh.shape[1];
  for (const [label, t] of Object.entries({ input: x, hidden: h, cell: c ?? h }))
    if (t.ndim !== 2)
      throw new RuntimeError(`${name}: expected ${label} to be 2D, got ${showShape(t.shape)}`);
  if (x.shape[1] !== weightIh.shape[1])
    throw new RuntimeError(
      `${name}: input has inconsistent input_size: got ${x.shape[1]} expected ${weightIh.shape[1]}`,
    );
  if (weightIh.shape[0] !== hidden * gatesOf(kind))
    throw new RuntimeError(
      `${name}: expected ${hidden * gatesOf(kind)} rows of weights, got ${weightIh.shape[0]}`,
    );
  for (const t of c ? [h, c] : [h]) {
    if (t.shape[0] !== x.shape[0])
      throw new RuntimeError(
        `${name}: Input batch size ${x.shape[0]} doesn't match hidden batch size ${t.shape[0]}`,
      );
    if (t.shape[1] !== hidden)
      throw new RuntimeError(
        `${name}: hidden has inconsistent hidden_size: got ${t.shape[1]}, expected ${hidden}`,
      );
  }
  const weights = { weightIh, weightHh, biasIh: biasIh ?? null, biasHh: biasHh ?? null, weightHr: null };
  return cellStep(kind, x, state, weights);
}

const cell = (name: string, kind: CellKind): CellFn =>
  composite(
    (x: AnyTensor, h: AnyTensor, weightIh: AnyTensor, weightHh: AnyTensor, biasIh?: Maybe, biasHh?: Maybe) =>
      run(name, kind, x, { h, c: null }, weightIh, weightHh, biasIh, biasHh).h,
    { method: false },
  );

/**
 * tanh(x W_ih^T + b_ih + h W_hh^T + b_hh).
 *
 * **Shape** x [N, I], h [N, H], weightIh [H, I], weightHh [H, H], biases [H]; the result is [N, H].
 * @throws RuntimeError for extents that do not fit.
 */
export const rnnTanhCell: CellFn = cell("rnn_tanh_cell", "RNN_TANH");

/** max(0, x W_ih^T + b_ih + h W_hh^T + b_hh): {@link rnnTanhCell} with another activation. */
export const rnnReluCell: CellFn = cell("rnn_relu_cell", "RNN_RELU");

/**
 * The next state of a GRU: (1 - z) n + z h with gates r, z and the candidate n = tanh(x W_in^T + r (h W_hn^T)).
 *
 * **Shape** x [N, I], h [N, H], weightIh [3 H, I], weightHh [3 H, H], biases [3 H]; the result is [N, H].
 * @throws RuntimeError for extents that do not fit.
 */
export const gruCell: CellFn = cell("gru_cell", "GRU");

/**
 * The next state [h, c] of an LSTM: c' = f c + i g and h' = o tanh(c'), with gates i, f, g, o.
 *
 * **Shape** x [N, I], h and c [N, H], weightIh [4 H, I], weightHh [4 H, H], biases [4 H].
 * @throws RuntimeError for extents that do not fit, and unless there are two states.
 */
export const lstmCell: LstmCellFn = composite(
  (
    x: AnyTensor,
    state: readonly AnyTensor[],
    weightIh: AnyTensor,
    weightHh: AnyTensor,
    biasIh?: Maybe,
    biasHh?: Maybe,
  ) => {
    const [h, c] = state;
    if (state.length !== 2 || !h || !c)
      throw new RuntimeError(`lstm_cell expects two hidden states, got ${state.length}`);
    const next = run("lstm_cell", "LSTM", x, { h, c }, weightIh, weightHh, biasIh, biasHh);
    return [next.h, next.c];
  },
  { method: false },
);
