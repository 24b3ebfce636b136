// One time of a recurrent cell, forwards and back. Floor L4 (ops). Source: ATen/native/RNN.cpp

import type { AnyTensor } from "../tensor/tensor.ts";
import type { CellKind } from "./cell-step.ts";
import { linear } from "./linear.ts";

export type Maybe = AnyTensor | null;

/** Activations of one step, by what its gradient needs. */
export interface Step {
  /** Hidden and cell state before. */
  readonly h: AnyTensor;
  readonly c: Maybe;
  /** The gates: reset, update, new (and what reset multiplies); input, forget, cell, output; or the new state. */
  readonly gates: readonly AnyTensor[];
  /** tanh of the new cell state of an LSTM. */
  readonly squashed: Maybe;
}

/** A step, and the states after it. */
export interface Forward {
  readonly step: Step;
  readonly h: AnyTensor;
  readonly c: Maybe;
}

export function stepForward(
  kind: CellKind,
  fromInput: AnyTensor,
  h: AnyTensor,
  c: Maybe,
  weight: AnyTensor,
  bias: Maybe,
): Forward {
  const fromHidden = linear(h, weight, bias) as AnyTensor;
  const before = { h, c };
  if (kind === "GRU") {
    const [ri, zi, ni] = fromInput.chunk(3, -1) as AnyTensor[];
    const [rh, zh, nh] = fromHidden.chunk(3, -1) as AnyTensor[];
    const reset = ri!.add(rh!).sigmoid() as AnyTensor;
    const update = zi!.add(zh!).sigmoid() as AnyTensor;
    const fresh = ni!.add(reset.mul(nh!)).tanh() as AnyTensor;
    const next = h.sub(fresh).mul(update).add(fresh) as AnyTensor;
    return { step: { ...before, gates: [reset, update, fresh, nh!], squashed: null }, h: next, c: null };
  }
  const sums: AnyTensor = fromInput.add(fromHidden);
  if (kind === "LSTM") {
    const [i, f, g, o] = sums.chunk(4, -1) as AnyTensor[];
    const gates = [i!.sigmoid(), f!.sigmoid(), g!.tanh(), o!.sigmoid()] as AnyTensor[];
    const cell = gates[1]!.mul(c!).add(gates[0]!.mul(gates[2]!)) as AnyTensor;
    const squashed = cell.tanh() as AnyTensor;
    return { step: { ...before, gates, squashed }, h: gates[3]!.mul(squashed), c: cell };
  }
  const next: AnyTensor = kind === "RNN_TANH" ? sums.tanh() : sums.relu();
  return { step: { ...before, gates: [next], squashed: null }, h: next, c: null };
}

/** d tanh, from its result; d sigmoid, likewise. */
const tanhSlope = (g: AnyTensor, y: AnyTensor): AnyTensor => g.sub(g.mul(y).mul(y));
const sigmoidSlope = (g: AnyTensor, y: AnyTensor): AnyTensor => g.mul(y.sub(y.mul(y)));

/** Gradients of one step: of the gates as the input makes them, as the state makes them where that differs, and of the states before. */
export interface StepGradients {
  readonly input: readonly AnyTensor[];
  readonly hidden: readonly AnyTensor[];
  /** What reaches the hidden state before beside the recurrent weights. */
  readonly h: Maybe;
  readonly c: Maybe;
}

export function stepBack(
  kind: CellKind,
  { h, c, gates, squashed }: Step,
  dh: AnyTensor,
  dc: Maybe,
): StepGradients {
  if (kind === "GRU") {
    const [reset, update, fresh, nh] = gates as [AnyTensor, AnyTensor, AnyTensor, AnyTensor];
    const passed = dh.mul(update) as AnyTensor;
    const dn = tanhSlope(dh.sub(passed), fresh);
    const dr = sigmoidSlope(dn.mul(nh), reset);
    const dz = sigmoidSlope(dh.mul(h.sub(fresh)), update);
    return { input: [dr, dz, dn], hidden: [dr, dz, dn.mul(reset)], h: passed, c: null };
  }
  if (kind !== "LSTM") {
    const y = gates[0]!;
    const d = kind === "RNN_TANH" ? tanhSlope(dh, y) : (dh.mul(y.gt(0).to(y.dtype)) as AnyTensor);
    return { input: [d], hidden: [d], h: null, c: null };
  }
  const [i, f, g, o] = gates as [AnyTensor, AnyTensor, AnyTensor, AnyTensor];
  const through = tanhSlope(dh.mul(o), squashed!);
  const all: AnyTensor = dc ? through.add(dc) : through;
  const d = [
    sigmoidSlope(all.mul(g), i),
    sigmoidSlope(all.mul(c!), f),
    tanhSlope(all.mul(i), g),
    sigmoidSlope(dh.mul(squashed!), o),
  ];
  return { input: d, hidden: d, h: null, c: all.mul(f) };
}
