// Einstein summation: any sum of products that subscripts can say, as a sequence of batched matrix products.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.einsum.html

import { RuntimeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { sameShape } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { contractionOrder } from "./einsum-order.ts";
import { parseEinsum } from "./einsum-parse.ts";
import { checkPair } from "./matrices.ts";

/** A tensor whose dimensions have names, all different. */
interface Labelled {
  readonly x: AnyTensor;
  readonly labels: readonly number[];
}

/** Dimensions of one name become their diagonal. */
function withoutRepeats(x: AnyTensor, labels: readonly number[]): Labelled {
  let view = x;
  const list = labels.slice();
  for (;;) {
    const j = list.findIndex((l, k) => list.indexOf(l) < k);
    if (j < 0) break;
    const i = list.indexOf(list[j]!);
    // The diagonal stands last.
    view = view.diagonal(0, i, j);
    list.push(list[j]!);
    list.splice(j, 1);
    list.splice(i, 1);
  }
  return { x: view, labels: list };
}

/** Sums over the dimensions whose names are not in `keep`. */
function summed({ x, labels }: Labelled, keep: ReadonlySet<number>): Labelled {
  const dims: number[] = [];
  labels.forEach((l, i) => {
    if (!keep.has(l)) dims.push(i);
  });
  return dims.length === 0 ? { x, labels } : { x: x.sum(dims), labels: labels.filter((l) => keep.has(l)) };
}

/** The tensor with its dimensions in the order of `labels`; names that it lacks get extent 1. */
function arranged({ x, labels }: Labelled, wanted: readonly number[]): AnyTensor {
  const present = wanted.filter((l) => labels.includes(l));
  const order = present.map((l) => labels.indexOf(l));
  const moved: AnyTensor = order.every((d, i) => d === i) ? x : x.permute(order);
  if (present.length === wanted.length) return moved;
  let i = 0;
  return moved.reshape(wanted.map((l) => (labels.includes(l) ? moved.shape[i++]! : 1)));
}

/** Names of extent 1 that the other tensor has with a larger extent are left out. */
function withoutOnes(a: Labelled, b: Labelled): Labelled {
  const dims: number[] = [];
  a.labels.forEach((l, i) => {
    const j = b.labels.indexOf(l);
    if (j >= 0 && a.x.shape[i] === 1 && b.x.shape[j] !== 1) dims.push(i);
  });
  if (dims.length === 0) return a;
  return { x: a.x.squeeze(dims), labels: a.labels.filter((_, i) => !dims.includes(i)) };
}

const shaped = (x: AnyTensor, shape: Shape): AnyTensor => (sameShape(x.shape, shape) ? x : x.reshape(shape));

/** The product of two tensors, summed over the names that are not in `keep`. */
function contract(first: Labelled, second: Labelled, keep: ReadonlySet<number>): Labelled {
  const narrow = withoutOnes(first, second);
  const other = withoutOnes(second, first);
  const inB = new Set(other.labels);
  const inA = new Set(narrow.labels);
  const a = summed(narrow, new Set([...keep, ...inB]));
  const b = summed(other, new Set([...keep, ...inA]));
  const shared = a.labels.filter((l) => inB.has(l));
  const batch = shared.filter((l) => keep.has(l));
  const inner = shared.filter((l) => !keep.has(l));
  const left = a.labels.filter((l) => !inB.has(l));
  const right = b.labels.filter((l) => !inA.has(l));
  const labels = [...batch, ...left, ...right];
  if (inner.length === 0) return { x: arranged(a, labels).mul(arranged(b, labels)), labels };
  checkPair(a.x, b.x, "einsum");
  const extents = (t: Labelled, names: readonly number[]): number[] =>
    names.map((l) => t.x.shape[t.labels.indexOf(l)]!);
  const size = (list: readonly number[]): number => list.reduce((n, m) => n * m, 1);
  const lead = extents(a, batch);
  const k = size(extents(a, inner));
  const m = extents(a, left);
  const n = extents(b, right);
  const head = lead.length > 0 ? [size(lead)] : [];
  const x = shaped(arranged(a, [...batch, ...left, ...inner]), [...head, size(m), k]);
  const y = shaped(arranged(b, [...batch, ...inner, ...right]), [...head, k, size(n)]);
  return { x: shaped(x.matmul(y), [...lead, ...m, ...n]), labels };
}

/** Extents by name. @throws RuntimeError for two extents of one name, unless one is 1. */
function sizesOf(operands: readonly Labelled[], show: (label: number) => string): Map<number, number> {
  const sizes = new Map<number, number>();
  operands.forEach(({ x, labels }, i) => {
    labels.forEach((l, d) => {
      const n: number = x.shape[d]!;
      const known = sizes.get(l) ?? 1;
      if (known !== 1 && n !== 1 && n !== known)
        throw new RuntimeError(
          `einsum(): subscript ${show(l)} has size ${n} for operand ${i} which does not broadcast with previously seen size ${known}`,
        );
      if (known === 1) sizes.set(l, n);
    });
  });
  return sizes;
}

/**
 * Sums of products of the operands' elements as the equation says: `einsum("bij,bjk->bik", a, b)`. A letter names a
 * dimension; letters without a place behind `->` are summed over; a letter twice in one operand takes the diagonal; `...`
 * stands for dimensions that broadcast. Without `->`, the result has the letters that occur once, in alphabetical order.
 * The other form lists subscripts as numbers below 52: `einsum(a, [0, 1], b, [1, 2], [0, 2])`, with "..." for an ellipsis.
 *
 * More than two operands are multiplied in the cheapest order (up to six; beyond that, the cheapest pair comes first).
 * @throws RuntimeError for an equation that cannot be read or does not fit the operands; ValueError without operands.
 */
export const einsum: (...args: readonly EinsumArgument[]) => AnyTensor = composite(
  (...args: readonly EinsumArgument[]) => {
    const { operands, subscripts, output, show } = parseEinsum(args);
    const labelled = operands.map((x, i) => {
      const labels = subscripts[i]!;
      labels.forEach((l, d) => {
        const other = x.shape[labels.indexOf(l)]!;
        if (x.shape[d] !== other)
          throw new RuntimeError(
            `einsum(): subscript ${show(l)} is repeated for operand ${i} but the sizes don't match, ${x.shape[d]} != ${other}`,
          );
      });
      return withoutRepeats(x, labels);
    });
    const sizes = sizesOf(labelled, show);
    const list: (Labelled | null)[] = labelled;
    for (const [i, j] of contractionOrder(
      labelled.map((t) => t.labels),
      output,
      sizes,
    )) {
      const keep = new Set(output);
      list.forEach((t, k) => {
        if (t && k !== i && k !== j) for (const l of t.labels) keep.add(l);
      });
      list.push(contract(list[i]!, list[j]!, keep));
      list[i] = null;
      list[j] = null;
    }
    const last = summed(list[list.length - 1]!, new Set(output));
    return arranged(last, output);
  },
  { method: false, variadic: true },
);

/** An equation, an operand, a list of operands, or a list of subscripts. */
export type EinsumArgument = string | AnyTensor | readonly AnyTensor[] | readonly (number | "...")[];
