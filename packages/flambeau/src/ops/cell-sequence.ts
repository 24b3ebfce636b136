// A recurrent cell over a whole sequence as one op, whose gradient goes back through time by hand: the gradients of the recurrent weights
// are one product for all steps instead of one for each.
// Floor L4 (ops). Source: ATen/native/RNN.cpp

import { mode } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { RoundsKept } from "./cell-rounds.ts";
import { backwardsInRounds, forwardsInRounds } from "./cell-rounds.ts";
import type { CellKind } from "./cell-step.ts";
import type { Maybe, Step } from "./cell-times.ts";
import { stepBack, stepForward } from "./cell-times.ts";
import { op } from "./define.ts";
import { cat, stack } from "./join.ts";

/** What the forward call leaves for the gradient. */
export interface Kept {
  steps: readonly Step[];
  /** Instead, where the sequence is a loop of a program. */
  rounds?: RoundsKept;
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
    const next = stepForward(kind, gates.select(0, t), h, c, weight, bias);
    steps[t] = next.step;
    h = next.h;
    c = next.c;
    outputs[t] = h;
  }
  return { steps, outputs, c };
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

/** {@link backwardsOver} a loop of a program. */
function backwardsOverRounds(
  kind: CellKind,
  rounds: RoundsKept,
  c0: Maybe,
  weight: AnyTensor,
  bias: Maybe,
  backwards: boolean,
  dOutput: Maybe,
  dLast: Maybe,
): Maybe[] | null {
  const d = backwardsInRounds(kind, rounds, weight, backwards, dOutput, dLast);
  if (!d) return null;
  const before = rounds.states.narrow(0, 0, d.input.shape[0]) as AnyTensor;
  const met: AnyTensor = backwards ? before.flip([0]) : before;
  const dWeight = flat(d.hidden).t().matmul(flat(met));
  return [d.input, d.h, ...(c0 ? [d.c] : []), dWeight, ...(bias ? [flat(d.hidden).sum(0)] : [])];
}

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
    const rounds = forwardsInRounds(kind, gates, h0, c0, weight, bias, backwards);
    if (rounds) {
      kept.rounds = rounds;
      const length: number = gates.shape[0];
      const met = rounds.states.narrow(0, 1, length) as AnyTensor;
      const output: AnyTensor = backwards ? met.flip([0]) : met.clone();
      return rounds.cells ? [output, rounds.cells.select(0, length).clone()] : [output];
    }
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
    const kept = s.at(7) as Kept;
    if (!mode.grad && kept.rounds) {
      const found = backwardsOverRounds(kind, kept.rounds, c0, weight, bias, backwards, out, last);
      if (found) return found;
    }
    const { steps } =
      mode.grad || kept.rounds ? forwards(kind, gates, h0, c0, weight, bias, backwards) : kept;
    return backwardsOver(kind, steps, h0, c0, weight, bias, backwards, out, last);
  },
});
