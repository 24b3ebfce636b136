// A softmax over many classes that spends less on rare ones.
// Floor L5 (nn). Source: torch/nn/modules/adaptive.py, https://arxiv.org/abs/1609.04309

import type { DType } from "../base/dtype.ts";
import { RuntimeError, showShape, ValueError } from "../base/errors.ts";
import { cat } from "../ops/join.ts";
import { where } from "../ops/select.ts";
import type { Recorder } from "../tensor/capturing.ts";
import { recorder } from "../tensor/capturing.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { named, required } from "./arguments.ts";
import { ModuleList } from "./containers.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import type { SequentialBase } from "./sequential.ts";
import { Sequential } from "./sequential.ts";

/** Options of {@link AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveOptions {
  /** By how much the features shrink from one cluster to the next. Default 4. */
  readonly divValue?: number;
  /** Whether the head has a bias. Default false. */
  readonly headBias?: boolean;
  readonly dtype?: DType;
}
interface Settings {
  readonly inFeatures: number;
  readonly nClasses: number;
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  readonly dtype: DType | undefined;
}

function checkCutoffs(cutoffs: readonly number[], classes: number): void {
  const rising = cutoffs.every((c, i) => Number.isInteger(c) && c > (i === 0 ? 0 : cutoffs[i - 1]!));
  if (cutoffs.length === 0 || !rising || cutoffs.at(-1)! > classes - 1)
    throw new ValueError(
      "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1",
    );
}

/** Log-probabilities of one class in each row of scores [N, classes]. */
const picked = (scores: AnyTensor, classes: AnyTensor): AnyTensor =>
  scores.logSoftmax(1).gather(1, classes.unsqueeze(1)).squeeze(1);

/**
 * Logarithms of probabilities of many classes. Classes are ordered by frequency; those below the first cutoff have scores
 * of their own, the others share one for each cluster, which is then divided among its members.
 *
 * A compiled function does not look at targets: there, every cluster is computed for all rows, and one that no target is in gets gradients
 * of 0, where eager code gives it none.
 *
 * @param inFeatures features of the input; @param nClasses classes; @param cutoffs where clusters begin, rising
 * @returns when called with (input, target), `{ output, loss }`: the log-probability of each target, and minus their mean
 *
 * **Shape** input [N, inFeatures] or [inFeatures], target [N] or [].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  readonly inFeatures: number;
  readonly nClasses: number;
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  readonly shortlistSize: number;
  readonly nClusters: number;
  readonly headSize: number;
  head: Linear<number, number, boolean>;
  tail: ModuleList<Module>;

  constructor(inFeatures: number, nClasses: number, cutoffs: readonly number[], options?: AdaptiveOptions);
  constructor(...args: unknown[]) {
    super();
    const o = named<Settings>(
      "AdaptiveLogSoftmaxWithLoss",
      {
        inFeatures: required,
        nClasses: required,
        cutoffs: required,
        divValue: 4,
        headBias: false,
        dtype: undefined,
      },
      args,
    );
    checkCutoffs(o.cutoffs, o.nClasses);
    this.inFeatures = o.inFeatures;
    this.nClasses = o.nClasses;
    this.cutoffs = [...o.cutoffs, o.nClasses];
    this.divValue = o.divValue;
    this.headBias = o.headBias;
    this.shortlistSize = this.cutoffs[0]!;
    this.nClusters = this.cutoffs.length - 1;
    this.headSize = this.shortlistSize + this.nClusters;
    const dtype = o.dtype ? { dtype: o.dtype } : {};
    this.head = new Linear<number, number, boolean>(o.inFeatures, this.headSize, {
      bias: o.headBias,
      ...dtype,
    });
    this.tail = new ModuleList();
    for (let i = 0; i < this.nClusters; i++) {
      const hidden = Math.floor(o.inFeatures / o.divValue ** (i + 1));
      const classes = this.cutoffs[i + 1]! - this.cutoffs[i]!;
      const project = new Linear<number, number, false>(o.inFeatures, hidden, { bias: false, ...dtype });
      this.tail.append(
        new Sequential(
          project,
          new Linear<number, number, false>(hidden, classes, { bias: false, ...dtype }),
        ),
      );
    }
  }

  resetParameters(): void {
    for (const m of this.modules()) if (m !== this && m instanceof Linear) m.resetParameters();
  }

  forward(inputs: AnyTensor, targets: AnyTensor): { readonly output: AnyTensor; readonly loss: AnyTensor } {
    if (targets.ndim > 1)
      throw new RuntimeError("0D or 1D target tensor expected, multi-target not supported");
    const batched = targets.ndim === 1;
    if (batched && inputs.ndim !== 2)
      throw new RuntimeError(
        `1D target tensor expects 2D input tensors, but found inputs with size ${showShape(inputs.shape)}`,
      );
    if (batched && inputs.shape[0] !== targets.shape[0])
      throw new RuntimeError("Input and target should have the same size in the batch dimension.");
    if (!batched && inputs.ndim !== 1)
      throw new RuntimeError(
        `0D target tensor expects 1D input tensors, but found inputs with size ${showShape(inputs.shape)}`,
      );
    const input = batched ? inputs : inputs.unsqueeze(0);
    const target = batched ? targets : targets.unsqueeze(0);
    const output = recorder === null ? this.#sparse(input, target) : this.#dense(recorder, input, target);
    const loss = output.neg().mean();
    return { output: batched ? output : output.squeeze(0), loss };
  }

  #checkClasses(classes: readonly number[]): void {
    if (classes.some((c) => c < 0 || c >= this.nClasses))
      throw new RuntimeError(
        `Target values should be in [0, ${this.nClasses - 1}], but values in range [${Math.min(...classes)}, ${Math.max(...classes)}] were found. `,
      );
  }

  /** Log-probabilities of the targets: each cluster is computed for those rows alone whose targets are in it. */
  #sparse(input: AnyTensor, target: AnyTensor): AnyTensor {
    const classes = Array.from(target.toTypedArray(), Number);
    this.#checkClasses(classes);
    const cluster = classes.map((c) => this.cutoffs.findIndex((end) => c < end));
    const inHead = classes.map((c, i) => (cluster[i] === 0 ? c : this.shortlistSize + cluster[i]! - 1));
    const list = (values: number[]): AnyTensor => fresh(Int32Array.from(values), [values.length], "int32");
    let output = picked(this.head(input) as AnyTensor, list(inHead));
    for (let k = 1; k <= this.nClusters; k++) {
      const rows = classes.flatMap((_, i) => (cluster[i] === k ? [i] : []));
      if (rows.length === 0) continue;
      const own = this.scores(k - 1, input.indexSelect(0, list(rows)));
      const part = picked(own, list(rows.map((i) => classes[i]! - this.cutoffs[k - 1]!)));
      output = output.indexAdd(0, list(rows), part);
    }
    return output;
  }

  /** The same without a look at the targets: each cluster is computed for all rows, and counts where the target is in it. */
  #dense(to: Recorder, input: AnyTensor, target: AnyTensor): AnyTensor {
    to.check("AdaptiveLogSoftmaxWithLoss", target, (classes) =>
      this.#checkClasses(Array.from(classes, Number)),
    );
    let inHead: AnyTensor = target.clampMax(this.shortlistSize - 1);
    const parts: AnyTensor[] = [];
    for (let k = 1; k <= this.nClusters; k++) {
      const [first, end] = [this.cutoffs[k - 1]!, this.cutoffs[k]!];
      const inside: AnyTensor = target.ge(first).logicalAnd(target.lt(end));
      inHead = where(inside, this.shortlistSize + k - 1, inHead) as AnyTensor;
      const own = picked(this.scores(k - 1, input), target.sub(first).clamp(0, end - first - 1));
      parts.push(where(inside, own, 0) as AnyTensor);
    }
    return parts.reduce(
      (sum, part): AnyTensor => sum.add(part),
      picked(this.head(input) as AnyTensor, inHead),
    );
  }

  /** Scores of the members of a cluster. */
  protected scores(cluster: number, input: AnyTensor): AnyTensor {
    return (this.tail.get(cluster) as unknown as SequentialBase).forward(input);
  }

  /** Logarithms of the probabilities of all classes, [N, nClasses]. */
  logProb(input: AnyTensor): AnyTensor {
    const head: AnyTensor = (this.head(input) as AnyTensor).logSoftmax(1);
    const parts = [head.narrow(1, 0, this.shortlistSize)];
    for (let i = 0; i < this.nClusters; i++)
      parts.push(
        this.scores(i, input)
          .logSoftmax(1)
          .add(head.narrow(1, this.shortlistSize + i, 1)),
      );
    return cat(parts, 1);
  }
  /** The most probable class of each example, [N]. */
  predict(input: AnyTensor): AnyTensor {
    return this.logProb(input).argmax(1);
  }
}
