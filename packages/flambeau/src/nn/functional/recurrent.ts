// Layers of recurrent cells over sequences.
// Floor L5 (nn). Source: ATen/native/RNN.cpp

import { cellSequence } from "../../ops/cell-sequence.ts";
import type { CellKind, CellState, CellWeights } from "../../ops/cell-step.ts";
import { gatesOf, step } from "../../ops/cell-step.ts";
import { cat, stack } from "../../ops/join.ts";
import { linear } from "../../ops/linear.ts";
import { recorder, traced } from "../../tensor/capturing.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { dropout } from "./dropout.ts";

export type { CellKind, CellState, CellWeights } from "../../ops/cell-step.ts";
export { cellStep, gatesOf } from "../../ops/cell-step.ts";

/** One layer in one direction, from the input's part of the gates [L, N, ...]. */
function direction(
  kind: CellKind,
  gates: AnyTensor,
  initial: CellState,
  w: CellWeights,
  backwards: boolean,
): { output: AnyTensor; last: CellState } {
  const length: number = gates.shape[0];
  if (!w.weightHr && length > 0) {
    const { h, c } = initial;
    const [output, last] = cellSequence(kind, gates, h, c, w.weightHh, w.biasHh, backwards, { steps: [] });
    return { output: output!, last: { h: endOf(output!, backwards), c: last ?? null } };
  }
  if (w.weightHr && recorder !== null && length > mostUnrolled)
    return projectedLoop(gates, initial, w, w.weightHr, backwards);
  const outputs = new Array<AnyTensor>(length);
  let state = initial;
  for (let k = 0; k < length; k++) {
    const t = backwards ? length - 1 - k : k;
    state = step(kind, gates.select(0, t), state, w);
    outputs[t] = state.h;
  }
  return { output: stack(outputs, 0), last: state };
}

const endOf = (output: AnyTensor, backwards: boolean): AnyTensor =>
  output.select(0, backwards ? 0 : output.shape[0] - 1);

/** Times of a projected LSTM that a program has steps for; more of them are a loop. */
const mostUnrolled = 24;

/**
 * {@link direction} of an LSTM with projection as a loop over its outputs before it: the recurrent weights are W_hh W_hr there, and the
 * projections of all times are one product. The initial state, which is a projection already, goes into the first gates.
 */
function projectedLoop(
  gates: AnyTensor,
  { h, c }: CellState,
  w: CellWeights,
  projection: AnyTensor,
  backwards: boolean,
): { output: AnyTensor; last: CellState } {
  const rest = gates.shape[0] - 1;
  const own = gates.narrow(0, backwards ? rest : 0, 1).add(linear(h, w.weightHh) as AnyTensor) as AnyTensor;
  const others = gates.narrow(0, backwards ? 0 : 1, rest) as AnyTensor;
  const all = cat(backwards ? [others, own] : [own, others], 0) as AnyTensor;
  const weight = w.weightHh.matmul(projection) as AnyTensor;
  const none = c!.detach().zerosLike() as AnyTensor;
  const [raw, last] = cellSequence("LSTM", all, none, c, weight, w.biasHh, backwards, { steps: [] });
  const output = linear(raw!, projection) as AnyTensor;
  return { output, last: { h: endOf(output, backwards), c: last! } };
}

const mapState = ({ h, c }: CellState, f: (x: AnyTensor) => AnyTensor): CellState => ({
  h: f(h),
  c: c ? f(c) : null,
});
const joinStates = (states: readonly CellState[]): CellState => ({
  h: cat(
    states.map((s) => s.h),
    0,
  ),
  c: states[0]!.c
    ? cat(
        states.map((s) => s.c!),
        0,
      )
    : null,
});

/** {@link direction} over packed gates [sum of batchSizes, ...]: step t has the first `batchSizes[t]` sequences. */
function packedDirection(
  kind: CellKind,
  gates: AnyTensor,
  batchSizes: readonly number[],
  initial: CellState,
  w: CellWeights,
  backwards: boolean,
): { output: AnyTensor; last: CellState } {
  const length = batchSizes.length;
  const starts = batchSizes.map((_, t) => batchSizes.slice(0, t).reduce((a, b) => a + b, 0));
  const outputs = new Array<AnyTensor>(length);
  const rows = (s: CellState, from: number, count: number): CellState =>
    mapState(s, (v) => v.narrow(0, from, count));
  // Forwards, sequences end and their states are set aside; backwards, they begin and take their initial state.
  const ended: CellState[] = [];
  let active = batchSizes[backwards ? length - 1 : 0]!;
  let state = rows(initial, 0, active);
  for (let k = 0; k < length; k++) {
    const t = backwards ? length - 1 - k : k;
    const size = batchSizes[t]!;
    if (size < active) {
      ended.push(rows(state, size, active - size));
      state = rows(state, 0, size);
    } else if (size > active) state = joinStates([state, rows(initial, active, size - active)]);
    active = size;
    state = step(kind, gates.narrow(0, starts[t]!, size), state, w);
    outputs[t] = state.h;
  }
  return { output: cat(outputs, 0), last: joinStates([state, ...ended.toReversed()]) };
}

/**
 * {@link packedDirection} in a captured function: over padded sequences, so that the times can be a loop. Each begins at the first step, also
 * backwards, and what follows its end is made such that a cell state stays as it is there; hidden states are picked from where they are.
 */
const paddedDirection: typeof packedDirection = (kind, gates, batchSizes, initial, w, backwards) => {
  const { steps, back, ends } = paddedPlaces(batchSizes, backwards);
  const [length, batch] = [batchSizes.length, batchSizes[0]!];
  const padded: AnyTensor = cat([gates, restingGates(kind, gates)], 0).indexSelect(0, indices(steps));
  const { output, last } = direction(kind, padded.unflatten(0, [length, batch]), initial, w, false);
  const flat: AnyTensor = output.flatten(0, 1);
  return {
    output: flat.indexSelect(0, indices(back)),
    last: { h: flat.indexSelect(0, indices(ends)), c: last.c },
  };
};

const indices = (values: Int32Array): AnyTensor => fresh(values, [values.length], "int32");

/** A row [1, ...] of gates for steps that no sequence has: an LSTM forgets nothing and takes nothing in, others stay small. */
function restingGates(kind: CellKind, gates: AnyTensor): AnyTensor {
  const like: AnyTensor = gates.detach();
  const width = like.shape[1] / gatesOf(kind);
  const full = (count: number, value: number): AnyTensor => like.newFull([1, count * width], value);
  if (kind === "LSTM") return cat([full(1, -closed), full(1, closed), full(2, 0)], 1);
  return full(gatesOf(kind), kind === "RNN_RELU" ? -closed : 0);
}
/** Beyond all sums of weights: its sigmoid is 1. */
const closed = 1e30;

/** Where packed sequences lie in padded ones [L, N], each from the first step on. */
function paddedPlaces(
  batchSizes: readonly number[],
  backwards: boolean,
): {
  /** For each place the number of its packed row; behind the last one for none. */
  steps: Int32Array;
  /** For each packed row its place. */
  back: Int32Array;
  /** The last place of each sequence. */
  ends: Int32Array;
} {
  const [length, batch] = [batchSizes.length, batchSizes[0]!];
  const lengths = Array.from({ length: batch }, (_, n) => batchSizes.filter((size) => size > n).length);
  const rows = batchSizes.reduce((a, b) => a + b, 0);
  const steps = new Int32Array(length * batch).fill(rows);
  const back = new Int32Array(rows);
  let row = 0;
  batchSizes.forEach((size, t) => {
    for (let n = 0; n < size; n++, row++) {
      const place = (backwards ? lengths[n]! - 1 - t : t) * batch + n;
      steps[place] = row;
      back[row] = place;
    }
  });
  return { steps, back, ends: Int32Array.from(lengths, (l, n) => (l - 1) * batch + n) };
}

/** What {@link recurrent} is told beside its tensors. */
export interface RecurrentOptions {
  readonly bidirectional: boolean;
  /** Probability of dropping elements of the output of every layer but the last. */
  readonly dropout: number;
  readonly training: boolean;
  /** Number of sequences at each step of a packed x; null for x [L, N, features]. */
  readonly batchSizes: readonly number[] | null;
}

/**
 * Layers of cells over a sequence.
 *
 * **Shape** x [L, N, features]; states [layers * directions, N, ...]; output [L, N, directions * hidden].
 * @param weights by layer and direction, the directions of a layer side by side
 */
export const recurrent: typeof layers = traced("nn.functional.recurrent", layers);

function layers(
  kind: CellKind,
  x: AnyTensor,
  h0: AnyTensor,
  c0: AnyTensor | null,
  weights: readonly CellWeights[],
  options: RecurrentOptions,
): { output: AnyTensor; h: AnyTensor; c: AnyTensor | null } {
  const directions = options.bidirectional ? 2 : 1;
  const count = weights.length / directions;
  const lastH: AnyTensor[] = [];
  const lastC: AnyTensor[] = [];
  const overPacked = recorder === null ? packedDirection : paddedDirection;
  let y = x;
  for (let layer = 0; layer < count; layer++) {
    const outputs: AnyTensor[] = [];
    for (let d = 0; d < directions; d++) {
      const i = layer * directions + d;
      const initial = { h: h0.select(0, i), c: c0 ? c0.select(0, i) : null };
      const w = weights[i]!;
      const gates = linear(y, w.weightIh, w.biasIh) as AnyTensor;
      const { output, last } = options.batchSizes
        ? overPacked(kind, gates, options.batchSizes, initial, w, d === 1)
        : direction(kind, gates, initial, w, d === 1);
      outputs.push(output);
      lastH.push(last.h);
      if (last.c) lastC.push(last.c);
    }
    y = outputs.length === 1 ? outputs[0]! : cat(outputs, -1);
    if (options.dropout > 0 && options.training && layer < count - 1) y = dropout(y, options.dropout);
  }
  return { output: y, h: stack(lastH, 0), c: lastC.length > 0 ? stack(lastC, 0) : null };
}
