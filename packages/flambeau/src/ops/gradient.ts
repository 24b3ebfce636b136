// Derivatives of sampled functions.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.gradient.html

import { ArgumentError, DTypeError, IndexError, RuntimeError } from "../base/errors.ts";
import { normalizeDim } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { cat } from "./join.ts";
import type { GradientOp, GradientOptions } from "./signatures.ts";

type Spacing = number | AnyTensor;

/** The dimensions to derive along, and the spacing of the samples along each. */
function plan(x: AnyTensor, { spacing, dim, edgeOrder = 1 }: GradientOptions): [number, Spacing][] {
  if (x.dtype === "uint8") throw new DTypeError("gradient", "torch.gradient does not support uint8 input.");
  if (isTensor(spacing))
    throw new ArgumentError("gradient: spacing must be a number, or a list of numbers or of tensors");
  const list = typeof spacing === "object" ? spacing : null;
  const given = dim ?? null;
  const dims: readonly number[] =
    given === null ? x.shape.map((_: number, i: number) => i) : typeof given === "number" ? [given] : given;
  if (list && given === null && list.length !== 1 && list.length !== x.ndim)
    throw new RuntimeError(
      `torch.gradient expected spacing to be unspecified, a scalar or a list of length ${x.ndim} but got a list of length ${list.length}`,
    );
  if (list && given !== null && list.length !== dims.length)
    throw new RuntimeError(
      "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same " +
        `length, but got a spacing argument of length ${list.length} and a dim argument of length ${dims.length}.`,
    );
  if (edgeOrder !== 1 && edgeOrder !== 2)
    throw new RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.");
  const places = dims.map((d) => normalizeDim(d, x.ndim, "gradient"));
  if (x.ndim === 0 && places.length > 0)
    throw new IndexError(`gradient: Dimension specified as ${dims[0]} but tensor has no dimensions`);
  places.forEach((d, i) => {
    if (places.indexOf(d) < i)
      throw new RuntimeError(`gradient: dim ${d} appears multiple times in the list of dims`);
    if (x.shape[d]! < edgeOrder + 1)
      throw new RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1");
  });
  return places.map((d, i) => [d, list ? list[list.length === 1 ? 0 : i]! : ((spacing as number) ?? 1)]);
}

/** Samples at equal distances `h`. */
function derivative(x: AnyTensor, d: number, h: number, order: number): AnyTensor {
  const n = x.shape[d]!;
  const f = (i: number): AnyTensor => x.narrow(d, i < 0 ? i + n : i, 1);
  const inner = x
    .narrow(d, 2, n - 2)
    .sub(x.narrow(d, 0, n - 2))
    .div(2 * h);
  const edge = (a: AnyTensor, b: AnyTensor, c: AnyTensor | null): AnyTensor =>
    (c ? b.mul(2).sub(a.mul(1.5)).sub(c.mul(0.5)) : b.sub(a)).div(h);
  const first = edge(f(0), f(1), order === 2 ? f(2) : null);
  // The same formula, looking back.
  const last = edge(f(-1), f(-2), order === 2 ? f(-3) : null).neg();
  return cat([first, inner, last], d);
}

/** Samples at the coordinates `at`: of the parabola through three neighbours, or the line through two at an edge. */
function derivativeAt(x: AnyTensor, d: number, at: AnyTensor, order: number): AnyTensor {
  if (at.ndim !== 1)
    throw new RuntimeError(
      `torch.gradient expected each element of spacing to have one dimension, but got an element with ${at.ndim} dimensions!`,
    );
  const n = x.shape[d]!;
  if (at.length !== n)
    throw new RuntimeError(
      `gradient: expected ${n} coordinates for dimension ${d}, but got a spacing of ${at.length}`,
    );
  const shape = x.shape.map((_: number, i: number) => (i === d ? -1 : 1));
  const step = at
    .narrow(0, 1, n - 1)
    .sub(at.narrow(0, 0, n - 1))
    .reshape(shape);
  const f = (i: number, k: number): AnyTensor => x.narrow(d, i < 0 ? i + n : i, k);
  const h = (i: number, k: number): AnyTensor => step.narrow(d, i < 0 ? i + n - 1 : i, k);
  /** sum of a point's value times a quotient of steps */
  const weigh = (...terms: [value: AnyTensor, over: AnyTensor, under: AnyTensor][]): AnyTensor =>
    terms.map(([v, over, under]) => v.mul(over.div(under))).reduce((p, q) => p.add(q));
  const [left, right] = [h(0, n - 2), h(1, n - 2)];
  const both = left.add(right);
  const inner = weigh(
    [f(0, n - 2), right.neg(), left.mul(both)],
    [f(1, n - 2), right.sub(left), left.mul(right)],
    [f(2, n - 2), left, right.mul(both)],
  );
  if (order === 1)
    return cat([f(1, 1).sub(f(0, 1)).div(h(0, 1)), inner, f(-1, 1).sub(f(-2, 1)).div(h(-1, 1))], d);
  /** The end of the parabola at f0; h0 is the step to its neighbour f1, h1 from there to f2. */
  const end = (f0: AnyTensor, f1: AnyTensor, f2: AnyTensor, h0: AnyTensor, h1: AnyTensor): AnyTensor => {
    const whole = h0.add(h1);
    return weigh(
      [f0, whole.add(h0).neg(), h0.mul(whole)],
      [f1, whole, h0.mul(h1)],
      [f2, h0.neg(), h1.mul(whole)],
    );
  };
  const first = end(f(0, 1), f(1, 1), f(2, 1), h(0, 1), h(1, 1));
  const last = end(f(-1, 1), f(-2, 1), f(-3, 1), h(-1, 1), h(-2, 1)).neg();
  return cat([first, inner, last], d);
}

/**
 * Estimates the derivative of samples along each dimension by central differences: a list of tensors of `x`'s shape.
 *
 * @param options `spacing`: the distance of samples (a number, or one for each dimension, default 1), or a list of their
 * coordinates (1-d tensors); `dim`: a number or a list, default all; `edgeOrder`: 1 or 2, whether the derivative at an
 * edge is that of a line or of a parabola
 * @throws RuntimeError for a dimension of fewer than edgeOrder + 1 samples
 * @see https://pytorch.org/docs/stable/generated/torch.gradient.html
 */
export const gradient: GradientOp = composite(
  (x: AnyTensor, options: GradientOptions = {}) =>
    plan(x, options).map(([d, h]) =>
      isTensor(h)
        ? derivativeAt(x, d, h, options.edgeOrder ?? 1)
        : derivative(x, d, h, options.edgeOrder ?? 1),
    ),
  { method: false },
);
