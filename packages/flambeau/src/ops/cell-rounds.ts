// A recurrent cell over a sequence in a captured program: a loop over the times instead of steps for each.
// Floor L4 (ops).

import { numel } from "../base/shape.ts";
import type { RoundTensor } from "../tensor/capturing.ts";
import { recorder } from "../tensor/capturing.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import type { CellKind } from "./cell-step.ts";
import type { Maybe, Step } from "./cell-times.ts";
import { stepBack, stepForward } from "./cell-times.ts";
import { cat } from "./join.ts";

/** Shorter sequences are unrolled: their steps may then be fused with what is around them. */
const fewest = 4;

/** What the rounds leave, by the order in which the cell meets the times: states before and after, activations. */
export interface RoundsKept {
  /** [L + 1, N, H]: the initial state, then that after each time. */
  readonly states: AnyTensor;
  readonly cells: Maybe;
  readonly activations: readonly AnyTensor[];
}

/** Row k of x in round k; from row `first` on, backwards if asked for. */
function rows(x: AnyTensor, first: number, backwards = false): RoundTensor {
  const tensor = x.select(0, first) as AnyTensor;
  const size: number = tensor.numel();
  return { tensor, advance: [backwards ? -size : size] };
}
const still = (tensor: AnyTensor): RoundTensor => ({ tensor, advance: [0] });

/** As the activations of a step are listed: gates, then the squashed cell state. */
const listOf = ({ gates, squashed }: Pick<Step, "gates" | "squashed">): readonly AnyTensor[] =>
  squashed ? [...gates, squashed] : gates;
const activationsOf: { readonly [K in CellKind]: number } = { GRU: 4, LSTM: 5, RNN_TANH: 1, RNN_RELU: 1 };

/** Elements that rounds write. */
const room = (like: AnyTensor, shape: readonly number[]): AnyTensor =>
  fresh(allocateUnset(like.dtype, numel(shape)), shape, like.dtype);

/** Room for states, the first of which is given. */
function chain(length: number, first: AnyTensor): AnyTensor {
  const all = room(first, [length + 1, ...first.shape]);
  all.select(0, 0).copy_(first);
  return all;
}

/** Runs the cell over all times; null where that is no loop of a program. */
export function forwardsInRounds(
  kind: CellKind,
  gates: AnyTensor,
  h0: AnyTensor,
  c0: Maybe,
  weight: AnyTensor,
  bias: Maybe,
  backwards: boolean,
): RoundsKept | null {
  const length: number = gates.shape[0];
  if (recorder === null || length < fewest) return null;
  const states = chain(length, h0);
  const cells = c0 && chain(length, c0);
  const activations = Array.from({ length: activationsOf[kind] }, () => room(h0, [length, ...h0.shape]));
  const reads = [
    rows(gates.contiguous(), backwards ? length - 1 : 0, backwards),
    rows(states, 0),
    still(weight.contiguous()),
    ...(bias ? [still(bias.contiguous())] : []),
    ...(cells ? [rows(cells, 0)] : []),
  ];
  const writes = [rows(states, 1), ...(cells ? [rows(cells, 1)] : []), ...activations.map((x) => rows(x, 0))];
  const body = (given: readonly AnyTensor[]): AnyTensor[] => {
    const [fromInput, h, w, ...rest] = given as [AnyTensor, AnyTensor, AnyTensor, ...AnyTensor[]];
    const b = bias ? rest[0]! : null;
    const c = cells ? rest.at(-1)! : null;
    const next = stepForward(kind, fromInput, h, c, w, b);
    return [next.h, ...(next.c ? [next.c] : []), ...listOf(next.step)];
  };
  const done = recorder.repeat({ name: "recurrence", counts: [length], reads, writes, body });
  return done ? { states, cells, activations } : null;
}

/** What goes back through time: gradients of the gates at all times, of the states before the first. */
export interface RoundsGradients {
  /** [L, N, ...] by time: as the input makes the gates, and as the state does. */
  readonly input: AnyTensor;
  readonly hidden: AnyTensor;
  readonly h: AnyTensor;
  readonly c: Maybe;
}

/** The gradients of {@link forwardsInRounds}; null where they are no loop of a program. */
export function backwardsInRounds(
  kind: CellKind,
  { states, cells, activations }: RoundsKept,
  weight: AnyTensor,
  backwards: boolean,
  dOutput: Maybe,
  dLast: Maybe,
): RoundsGradients | null {
  const length: number = states.shape[0] - 1;
  const shape = states.shape.slice(1) as number[];
  const parts = weight.shape[0] / weight.shape[1];
  const wide = [...shape.slice(0, -1), parts * shape.at(-1)!];
  const zeros: AnyTensor = states.newZeros(shape);
  const dh = chain(length, zeros);
  const dc = cells && chain(length, dLast ?? zeros);
  const input: AnyTensor = room(states, [length, ...wide]);
  const hidden: AnyTensor = kind === "GRU" ? room(states, [length, ...wide]) : input;
  /** Rows by time, the last one that the cell met first. */
  const byTime = (x: AnyTensor): RoundTensor => rows(x, backwards ? 0 : length - 1, !backwards);
  const byOrder = (x: AnyTensor): RoundTensor => rows(x, length - 1, true);
  const reads = [
    still(weight.contiguous()),
    rows(dh, 0),
    byOrder(states),
    ...activations.map(byOrder),
    ...(cells ? [byOrder(cells), rows(dc!, 0)] : []),
    ...(dOutput ? [byTime(dOutput.contiguous())] : []),
  ];
  const writes = [
    byTime(input),
    ...(kind === "GRU" ? [byTime(hidden)] : []),
    rows(dh, 1),
    ...(dc ? [rows(dc, 1)] : []),
  ];
  const count = activations.length;
  const body = (given: readonly AnyTensor[]): AnyTensor[] => {
    const [w, fromLater, h, ...rest] = given as [AnyTensor, AnyTensor, AnyTensor, ...AnyTensor[]];
    const list = rest.slice(0, count);
    const [c, later] = cells ? [rest[count]!, rest[count + 1]!] : [null, null];
    const own = dOutput ? (rest.at(-1)!.add(fromLater) as AnyTensor) : fromLater;
    const squashed = cells ? list.at(-1)! : null;
    const step: Step = { h, c, gates: cells ? list.slice(0, -1) : list, squashed };
    const d = stepBack(kind, step, own, later);
    const side = (x: readonly AnyTensor[]): AnyTensor => (x.length === 1 ? x[0]! : (cat(x, -1) as AnyTensor));
    const row = side(d.input);
    const met = kind === "GRU" ? side(d.hidden) : row;
    const back = met.matmul(w) as AnyTensor;
    const before: AnyTensor = d.h ? back.add(d.h) : back;
    return [row, ...(kind === "GRU" ? [met] : []), before, ...(d.c ? [d.c] : [])];
  };
  const done = recorder!.repeat({ name: "recurrence backward", counts: [length], reads, writes, body });
  if (!done) return null;
  return { input, hidden, h: dh.select(0, length), c: dc ? dc.select(0, length) : null };
}
