// Connectionist temporal classification: the probability of a labelling, over all its alignments with a sequence.
// Floor L4 (ops). Source: https://www.cs.toronto.edu/~graves/icml_2006.pdf, ATen/native/LossCTC.cpp

import { RuntimeError } from "../../base/errors.ts";
import { HostAccess, recorder } from "../../tensor/capturing.ts";
import { allocate } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import { dataOf } from "../elements.ts";

/** What is aligned: plain numbers, checked by the caller; in captured functions they are there in each run. */
export class Alignment {
  inputLengths: Int32Array;
  targetLengths: Int32Array;
  /** All targets, one after the other. */
  targets: Int32Array = new Int32Array(0);
  readonly blank: number;
  readonly zeroInfinity: boolean;
  /** log of the probabilities of prefixes, one [T, 2 L + 1] for each example; filled by the call. */
  readonly prefixes: Float64Array[] = [];

  constructor(batch: number, blank: number, zeroInfinity: boolean) {
    this.inputLengths = new Int32Array(batch);
    this.targetLengths = new Int32Array(batch);
    this.blank = blank;
    this.zeroInfinity = zeroInfinity;
  }
}

const { exp, log } = Math;

/** What an alignment is, only a run of a captured function knows. */
function waitForRun(): void {
  if (recorder !== null) throw new HostAccess("alignments were looked at");
}

/** log(e^a + e^b + e^c) */
function logSum(a: number, b: number, c: number): number {
  const top = a > b ? (a > c ? a : c) : b > c ? b : c;
  // -inf - -inf is NaN. NaN itself has to show: no comparison is true of it.
  if (top === Number.NEGATIVE_INFINITY) return a + b + c;
  return log(exp(a - top) + exp(b - top) + exp(c - top)) + top;
}

/** The targets with blanks before, between and after them. */
function extended(targets: Int32Array, blank: number): Int32Array {
  const all = new Int32Array(2 * targets.length + 1).fill(blank);
  for (let i = 0; i < targets.length; i++) all[2 * i + 1] = targets[i]!;
  return all;
}

/** Runs `visit` for each example with its targets. */
function eachExample(a: Alignment, visit: (n: number, labels: Int32Array, length: number) => void): void {
  let start = 0;
  a.inputLengths.forEach((length, n) => {
    const end = start + a.targetLengths[n]!;
    visit(n, extended(a.targets.subarray(start, end), a.blank), length);
    start = end;
  });
}

/** Where the two last states end, whose sum is the probability of the whole. */
const likelihood = (alpha: Float64Array, length: number, states: number): number => {
  const at = (length - 1) * states;
  if (length === 0) return states === 1 ? 0 : Number.NEGATIVE_INFINITY;
  const last = alpha[at + states - 1]!;
  return states === 1 ? last : logSum(last, alpha[at + states - 2]!, Number.NEGATIVE_INFINITY);
};

/** -log P(targets | logProbs) for each example of [T, N, C]. */
export const ctcLosses: (logProbs: AnyTensor, alignment: Alignment) => AnyTensor = op({
  name: "ctcLoss",
  saves: "inputs",
  forward: (logProbs: AnyTensor, a: Alignment) => {
    waitForRun();
    const [, batch, classes] = logProbs.shape as [number, number, number];
    const source = logProbs.contiguous();
    const data = dataOf(source);
    const out: AnyTensor = fresh(allocate(logProbs.dtype, batch), [batch], logProbs.dtype);
    const losses = dataOf(out);
    eachExample(a, (n, labels, length) => {
      const states = labels.length;
      const alpha = new Float64Array(length * states).fill(Number.NEGATIVE_INFINITY);
      const row = (t: number): number => source.offset + (t * batch + n) * classes;
      if (length > 0) {
        alpha[0] = data[row(0) + labels[0]!]!;
        if (states > 1) alpha[1] = data[row(0) + labels[1]!]!;
      }
      for (let t = 1; t < length; t++) {
        const from = row(t);
        const before = (t - 1) * states;
        for (let s = 0; s < states; s++) {
          const stay = alpha[before + s]!;
          const step = s > 0 ? alpha[before + s - 1]! : Number.NEGATIVE_INFINITY;
          // A blank may be left out between two different labels.
          const skip =
            s > 1 && labels[s] !== labels[s - 2] ? alpha[before + s - 2]! : Number.NEGATIVE_INFINITY;
          alpha[t * states + s] = logSum(stay, step, skip) + data[from + labels[s]!]!;
        }
      }
      a.prefixes[n] = alpha;
      const loss = -likelihood(alpha, length, states);
      losses[n] = a.zeroInfinity && loss === Number.POSITIVE_INFINITY ? 0 : loss;
    });
    return out;
  },
  vjp: (g, s) => ctcGradient(g, s.x, s.meta(1)),
});

/**
 * The gradient of {@link ctcLosses} as PyTorch gives it: e^logProbs - posterior, which is the gradient of what comes before
 * the log-softmax, and goes through the log-softmax unchanged.
 */
const ctcGradient: (g: AnyTensor, logProbs: AnyTensor, alignment: Alignment) => AnyTensor = op({
  name: "ctcLossBackward",
  forward: (g: AnyTensor, logProbs: AnyTensor, a: Alignment) => {
    waitForRun();
    const [, batch, classes] = logProbs.shape as [number, number, number];
    const source = logProbs.contiguous();
    const data = dataOf(source);
    const upstream = g.contiguous();
    const up = dataOf(upstream);
    const n = logProbs.numel();
    const out: AnyTensor = fresh(allocate(logProbs.dtype, n), logProbs.shape, logProbs.dtype);
    const to = dataOf(out);
    eachExample(a, (e, labels, length) => {
      const states = labels.length;
      const alpha = a.prefixes[e]!;
      const total = likelihood(alpha, length, states);
      if (total === Number.NEGATIVE_INFINITY) {
        // Of an infinite loss there is no gradient: 0 if it counts as 0, else NaN.
        if (!a.zeroInfinity)
          for (let t = 0; t < length; t++)
            to.fill(Number.NaN, (t * batch + e) * classes, (t * batch + e + 1) * classes);
        return;
      }
      const factor = up[upstream.offset + e]!;
      let beta = new Float64Array(states);
      let later = new Float64Array(states);
      const posterior = new Float64Array(classes);
      for (let t = length - 1; t >= 0; t--) {
        const from = (t * batch + e) * classes;
        for (let s = states - 1; s >= 0; s--) {
          const own = data[source.offset + from + labels[s]!]!;
          if (t === length - 1) {
            beta[s] = s >= states - 2 ? own : Number.NEGATIVE_INFINITY;
            continue;
          }
          const step = s + 1 < states ? later[s + 1]! : Number.NEGATIVE_INFINITY;
          const skip =
            s + 2 < states && labels[s] !== labels[s + 2] ? later[s + 2]! : Number.NEGATIVE_INFINITY;
          beta[s] = logSum(later[s]!, step, skip) + own;
        }
        posterior.fill(0);
        for (let s = 0; s < states; s++) {
          const c = labels[s]!;
          // Prefix and suffix both count this step's own probability.
          const through = alpha[t * states + s]! + beta[s]! - data[source.offset + from + c]! - total;
          posterior[c]! += through === Number.NEGATIVE_INFINITY ? 0 : exp(through);
        }
        for (let c = 0; c < classes; c++)
          to[from + c] = (exp(data[source.offset + from + c]!) - posterior[c]!) * factor;
        [beta, later] = [later, beta];
      }
    });
    return out;
  },
  vjp: () => {
    throw new RuntimeError("ctcLoss: the derivative of its gradient is not implemented, as in PyTorch");
  },
});
