// Attention to be compared: inputs, results with all gradients, eager beside compiled.

import { expect } from "vitest";
import * as torch from "../../src/index.ts";
import { autograd } from "../../src/index.ts";

type Tensor = torch.AnyTensor;

export interface Sizes {
  readonly batch: readonly number[];
  readonly length: number;
  readonly keys: number;
  readonly width?: number;
  readonly values?: number;
}

/** Queries, keys, values, and factors of the results. */
export function inputs(
  { batch, length, keys, width = 6, values = 5 }: Sizes,
  dtype: "float32" | "float64" = "float64",
): [Tensor, Tensor, Tensor, Tensor] {
  const draw = (rows: number, columns: number): Tensor =>
    torch.randn([...batch, rows, columns], { dtype: "float64" }).to(dtype) as Tensor;
  const [q, k, v] = [draw(length, width), draw(keys, width), draw(keys, values)];
  for (const x of [q, k, v]) x.requiresGrad = true;
  return [q, k, v, draw(length, values)];
}

/** A function of the result and the gradients of all that is given. */
export const learning =
  (given: readonly Tensor[], up: Tensor, forward: () => Tensor): (() => Tensor[]) =>
  () => {
    const out = forward();
    const total: Tensor = out.mul(up).sum();
    return [out.detach(), ...(autograd.grad(total, [...given]) as Tensor[])];
  };

export const numbers = (x: Tensor): number[] =>
  Array.from(x.contiguous().toTypedArray() as Float64Array, Number);

/** How far apart two tensors are; they have NaN in the same places. */
export function distance(a: Tensor, b: Tensor): number {
  const [x, y] = [numbers(a), numbers(b)];
  expect(a.shape).toEqual(b.shape);
  expect(x.map(Number.isNaN)).toEqual(y.map(Number.isNaN));
  return x.reduce((most, v, i) => (Number.isNaN(v) ? most : Math.max(most, Math.abs(v - y[i]!))), 0);
}

/** How far results of the compiled function are from eager ones, and what it says of its program. */
export function compare(fn: () => Tensor[]): { distance: number; text: string } {
  const step = torch.compile(fn);
  const eager = fn();
  step();
  const results = step();
  const apart = Math.max(...results.map((x, i) => distance(x, eager[i]!)));
  return { distance: apart, text: step.explain() };
}
