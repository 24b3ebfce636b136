// One step of each recurrent cell.
// Floor L4 (ops). Source: ATen/native/RNN.cpp

import type { AnyTensor } from "../tensor/tensor.ts";
import { linear } from "./linear.ts";

/** Which cell: plain with tanh or relu, LSTM, GRU. */
export type CellKind = "RNN_TANH" | "RNN_RELU" | "LSTM" | "GRU";

/** The tensors of one layer in one direction. */
export interface CellWeights {
  readonly weightIh: AnyTensor;
  readonly weightHh: AnyTensor;
  readonly biasIh: AnyTensor | null;
  readonly biasHh: AnyTensor | null;
  /** Projection of an LSTM's output. */
  readonly weightHr: AnyTensor | null;
}
/** Hidden state, and the cell state of an LSTM. */
export interface CellState {
  readonly h: AnyTensor;
  readonly c: AnyTensor | null;
}

/** Rows of gates: how many times the hidden size. */
export const gatesOf = (kind: CellKind): number => (kind === "LSTM" ? 4 : kind === "GRU" ? 3 : 1);

/** The next state from the input's part of the gates (x W_ih^T + b_ih). */
export function step(kind: CellKind, fromInput: AnyTensor, { h, c }: CellState, w: CellWeights): CellState {
  const fromHidden = linear(h, w.weightHh, w.biasHh) as AnyTensor;
  if (kind === "GRU") {
    const [ri, zi, ni] = fromInput.chunk(3, -1) as AnyTensor[];
    const [rh, zh, nh] = fromHidden.chunk(3, -1) as AnyTensor[];
    const reset = ri!.add(rh!).sigmoid();
    const update = zi!.add(zh!).sigmoid();
    const fresh = ni!.add(reset.mul(nh!)).tanh();
    return { h: h.sub(fresh).mul(update).add(fresh), c: null };
  }
  const gates: AnyTensor = fromInput.add(fromHidden);
  if (kind !== "LSTM") return { h: kind === "RNN_TANH" ? gates.tanh() : gates.relu(), c: null };
  const [i, f, g, o] = gates.chunk(4, -1) as AnyTensor[];
  const cell = f!.sigmoid().mul(c!).add(i!.sigmoid().mul(g!.tanh()));
  const out = o!.sigmoid().mul(cell.tanh());
  return { h: w.weightHr ? (linear(out, w.weightHr) as AnyTensor) : out, c: cell };
}

/** One step from an input. */
export const cellStep = (kind: CellKind, x: AnyTensor, state: CellState, w: CellWeights): CellState =>
  step(kind, linear(x, w.weightIh, w.biasIh) as AnyTensor, state, w);
