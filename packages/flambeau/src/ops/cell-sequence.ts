// A recurrent cell over a whole sequence as one op, whose gradient goes back through time by hand: the gradients of the recurrent weights
// are one product for all steps instead of one for each.
// Floor L4 (ops). Source: ATen/native/RNN.cpp

import { HostAccess, recorder } from "../tensor/capturing.ts";
import { mode } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { CellKind } from "./cell-step.ts";
import { op } from "./define.ts";
import { cat, stack } from "./join.ts";
import { linear } from "./linear.ts";

type Maybe = AnyTensor | null;

/** Activations of one step, by what its gradient needs. */
interface Step {
  /** Hidden and cell state before. */
  readonly h: AnyTensor;
  readonly c: Maybe;
  /** The gates: reset, update, new (and what reset multiplies); input, forget, cell, output; or the new state. */
  readonly gates: readonly AnyTensor[];
  /** tanh of the new cell state of an LSTM. */
  readonly squashed: Maybe;
}

/** What the forward call leaves for the gradient. */
export interface Kept {
  steps: readonly Step[];
}

interface Run {
  readonly steps: readonly Step[];
  readonly outputs: readonly AnyTensor[];
  /** The last cell state. */
  readonly c: Maybe;
}

/** Times in the order in which the cell meets them. */
const order = (length: number, backwards: boolean): number[] =>
  Array.from({ length }, (_, k) => (backwards ? length - 1 - k : k));

function forwards(
  kind: CellKind,
  gates: AnyTensor,
  h0: AnyTensor,
  c0: Maybe,
  weight: AnyTensor,
  bias: Maybe,
  backwards: boolean,
): Run {
  const length: number = gates.shape[0];
  const steps = new Array<Step>(length);
  const outputs = new Array<AnyTensor>(length);
  let h = h0;
  let c = c0;
  for (const t of order(length, backwards)) {
    const fromInput = gates.select(0, t) as AnyTensor;
    const fromHidden = linear(h, weight, bias) as AnyTensor;
    const before = { h, c };
    if (kind === "GRU") {
      const [ri, zi, ni] = fromInput.chunk(3, -1) as AnyTensor[];
      const [rh, zh, nh] = fromHidden.chunk(3, -1) as AnyTensor[];
      const reset = ri!.add(rh!).sigmoid() as AnyTensor;
      const update = zi!.add(zh!).sigmoid() as AnyTensor;
      const fresh = ni!.add(reset.mul(nh!)).tanh() as AnyTensor;
      h = h.sub(fresh).mul(update).add(fresh);
      steps[t] = { ...before, gates: [reset, update, fresh, nh!], squashed: null };
    } else {
      const sums: AnyTensor = fromInput.add(fromHidden);
      if (kind === "LSTM") {
        const [i, f, g, o] = sums.chunk(4, -1) as AnyTensor[];
        const all = [i!.sigmoid(), f!.sigmoid(), g!.tanh(), o!.sigmoid()] as AnyTensor[];
        c = all[1]!.mul(c!).add(all[0]!.mul(all[2]!)) as AnyTensor;
        const squashed = c.tanh() as AnyTensor;
        h = all[3]!.mul(squashed);
        steps[t] = { ...before, gates: all, squashed };
      } else {
        h = kind === "RNN_TANH" ? sums.tanh() : sums.relu();
        steps[t] = { ...before, gates: [h], squashed: null };
      }
    }
    outputs[t] = h;
  }
  return { steps, outputs, c };
}

/** d tanh, from its result; d sigmoid, likewise. */
const tanhSlope = (g: AnyTensor, y: AnyTensor): AnyTensor => g.sub(g.mul(y).mul(y));
const sigmoidSlope = (g: AnyTensor, y: AnyTensor): AnyTensor => g.mul(y.sub(y.mul(y)));

/** Gradients of one step: of the gates as the input makes them, as the state makes them where that differs, and of the states before. */
interface StepGradients {
  readonly input: readonly AnyTensor[];
  readonly hidden: readonly AnyTensor[];
  /** What reaches the hidden state before beside the recurrent weights. */
  readonly h: Maybe;
  readonly c: Maybe;
}

function stepBack(kind: CellKind, { h, c, gates, squashed }: Step, dh: AnyTensor, dc: Maybe): StepGradients {
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

/** Parts side by side in the last dimension, for all times. In place where nothing is recorded. */
class Rows {
  readonly #whole: Maybe;
  readonly #list: AnyTensor[] = [];

  constructor(length: number, like: AnyTensor, parts: number) {
    const [n, width] = like.shape.slice(-2) as [number, number];
    this.#whole = mode.grad ? null : like.newEmpty([length, n, parts * width]);
  }
  set(t: number, parts: readonly AnyTensor[]): AnyTensor {
    if (!this.#whole) {
      const row = parts.length === 1 ? parts[0]! : cat(parts, -1);
      this.#list[t] = row;
      return row;
    }
    const row = this.#whole.select(0, t) as AnyTensor;
    const width = parts[0]!.shape.at(-1) as number;
    parts.forEach((part, i) => {
      row.narrow(-1, i * width, width).copy_(part);
    });
    return row;
  }
  all(): AnyTensor {
    return this.#whole ?? stack(this.#list, 0);
  }
}

const flat = (x: AnyTensor): AnyTensor => x.flatten(0, -2);

/** Gradients of gates, h0, c0, weight and bias, as far as they are there. */
function backwardsOver(
  kind: CellKind,
  steps: readonly Step[],
  h0: AnyTensor,
  c0: Maybe,
  weight: AnyTensor,
  bias: Maybe,
  backwards: boolean,
  dOutput: Maybe,
  dLast: Maybe,
): Maybe[] {
  const length = steps.length;
  const parts = weight.shape[0] / weight.shape[1];
  const input = new Rows(length, h0, parts);
  const hidden = kind === "GRU" ? new Rows(length, h0, parts) : input;
  let dh: Maybe = null;
  let dc: Maybe = dLast ?? null;
  for (const t of order(length, backwards).reverse()) {
    const own = dOutput ? (dOutput.select(0, t) as AnyTensor) : h0.zerosLike();
    const d = stepBack(kind, steps[t]!, dh ? own.add(dh) : own, dc);
    const row = input.set(t, d.input);
    const back: AnyTensor = (kind === "GRU" ? hidden.set(t, d.hidden) : row).matmul(weight);
    dh = d.h ? back.add(d.h) : back;
    dc = d.c;
  }
  const dHidden = hidden.all();
  // The states before: the initial one, then those at all times but the last.
  const first = backwards ? length - 1 : 0;
  const rest = backwards ? 0 : 1;
  const states = stack(
    order(length, backwards).map((t) => steps[t]!.h),
    0,
  ).narrow(0, 1, length - 1);
  const met: AnyTensor = dHidden.narrow(0, rest, length - 1);
  const along = backwards ? states.flip([0]) : states;
  const product = (g: AnyTensor, h: AnyTensor): AnyTensor => flat(g).t().matmul(flat(h));
  const start = product(dHidden.select(0, first), h0);
  const dWeight = length > 1 ? product(met, along).add(start) : start;
  const dBias = bias ? flat(dHidden).sum(0) : null;
  const grads = [input.all(), dh, ...(c0 ? [dc] : []), dWeight, ...(bias ? [dBias] : [])];
  return grads;
}

/** Longer sequences are no steps of programs, one for each time, but one that JavaScript takes: compiling would take seconds. */
const longest = 200;

/** @throws HostAccess in a capture of a long sequence: then it is called in every run */
function leaveLong(gates: AnyTensor): void {
  if (isLong(gates)) throw new HostAccess(`a sequence of ${gates.shape[0]} times was met`);
}
const isLong = (gates: AnyTensor): boolean => recorder !== null && gates.shape[0] > longest;

/** {@link backwardsOver} a long sequence, which is run once more for it. */
const longBackwards: (
  kind: CellKind,
  gates: AnyTensor,
  h0: AnyTensor,
  c0: Maybe,
  weight: AnyTensor,
  bias: Maybe,
  backwards: boolean,
  dOutput: Maybe,
  dLast: Maybe,
) => AnyTensor[] = op({
  name: "recurrentSequenceBackward",
  forward: (
    kind: CellKind,
    gates: AnyTensor,
    h0: AnyTensor,
    c0: Maybe,
    weight: AnyTensor,
    bias: Maybe,
    backwards: boolean,
    dOutput: Maybe,
    dLast: Maybe,
  ) => {
    leaveLong(gates);
    const { steps } = forwards(kind, gates, h0, c0, weight, bias, backwards);
    return backwardsOver(kind, steps, h0, c0, weight, bias, backwards, dOutput, dLast);
  },
});

/**
 * Hidden states at all times [L, N, H] of a cell whose input's part of the gates is `gates` [L, N, ...], and the last cell state of an
 * LSTM; `backwards` meets the times from the last to the first.
 */
export const cellSequence: (
  kind: CellKind,
  gates: AnyTensor,
  h0: AnyTensor,
  c0: Maybe,
  weight: AnyTensor,
  bias: Maybe,
  backwards: boolean,
  kept: Kept,
) => AnyTensor[] = op({
  name: "recurrentSequence",
  saves: "inputs",
  forward: (
    kind: CellKind,
    gates: AnyTensor,
    h0: AnyTensor,
    c0: Maybe,
    weight: AnyTensor,
    bias: Maybe,
    backwards: boolean,
    kept: Kept,
  ) => {
    leaveLong(gates);
    const { steps, outputs, c } = forwards(kind, gates, h0, c0, weight, bias, backwards);
    kept.steps = steps;
    return c ? [stack(outputs, 0), c] : [stack(outputs, 0)];
  },
  multiVjp: ([dOutput, dLast], s) => {
    const [kind, backwards] = [s.at(0) as CellKind, s.at(6) as boolean];
    const gates: AnyTensor = s.at(1);
    const [h0, c0, weight, bias] = [s.at(2), s.at(3), s.at(4), s.at(5)] as [
      AnyTensor,
      Maybe,
      AnyTensor,
      Maybe,
    ];
    const [out, last] = [dOutput ?? null, dLast ?? null];
    if (!mode.grad && isLong(gates))
      return longBackwards(kind, gates, h0, c0, weight, bias, backwards, out, last);
    const { steps } = mode.grad ? forwards(kind, gates, h0, c0, weight, bias, backwards) : (s.at(7) as Kept);
    return backwardsOver(kind, steps, h0, c0, weight, bias, backwards, out, last);
  },
});
