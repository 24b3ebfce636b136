// Inputs at which the derivatives of ops are checked.

import * as torch from "../../../src/index.ts";
import type { Samples, Tensor } from "./common.ts";
import { along, binary, one } from "./common.ts";

/** x with its column 1 zero. */
const withZeros = (x: Tensor): Tensor => x.mul(torch.tensor([1, 0, 1, 0], { dtype: "float64" }));

const halves = torch.tensor([0.25, 0.6], { dtype: "float64" });

export const order: Samples = {
  max: (op) => [
    ...along(op),
    ...binary()(op)
      .slice(0, 4)
      .map(({ inplace: _, ...s }) => s),
  ],
  min: (op) => [
    ...along(op),
    ...binary()(op)
      .slice(0, 4)
      .map(({ inplace: _, ...s }) => s),
  ],
  aminmax: [
    one([[2, 3]], (x) => x.aminmax()),
    one([[2, 3]], (x) => x.aminmax({ dim: -1, keepdim: true }), { name: "dim" }),
  ],
  sort: [
    one([[2, 3]], (x) => x.sort()),
    one([[2, 3]], (x) => x.sort(0, { descending: true }), { name: "descending" }),
    one([[]], (x) => x.sort(), { name: "0-d" }),
  ],
  msort: [one([[3, 2]], (x) => x.msort())],
  topk: [
    one([[2, 4]], (x) => x.topk(2)),
    one([[4, 2]], (x) => x.topk(3, 0, { largest: false }), { name: "smallest" }),
  ],
  kthvalue: [
    one([[2, 3]], (x) => x.kthvalue(2)),
    one([[2, 3]], (x) => x.kthvalue(1, 0, { keepdim: true }), { name: "keepdim" }),
  ],
  median: along,
  nanmedian: along,
  mode: [one([[2, 3]], (x) => x.mode()), one([[2, 3]], (x) => x.mode(0, { keepdim: true }), { name: "dim" })],
  cumsum: [
    one([[2, 3]], (x) => x.cumsum(1), { inplace: (x) => x.cumsum_(0) }),
    one([[2, 2, 3]], (x) => x.cumsum(-2), { name: "inner" }),
    one([[]], (x) => x.cumsum(0), { name: "0-d" }),
  ],
  cumprod: [
    one([[2, 3]], (x) => x.cumprod(1), { inplace: (x) => x.cumprod_(0) }),
    one([[2, 3, 2]], (x) => x.cumprod(1), { name: "inner" }),
    one([[2, 4]], (x) => withZeros(x).cumprod(1), { name: "zeros" }),
    one([[]], (x) => x.cumprod(0), { name: "0-d" }),
  ],
  logcumsumexp: [
    one([[2, 3]], (x) => x.logcumsumexp(1)),
    one([[3, 2]], (x) => x.mul(100).logcumsumexp(0), { name: "large", domain: { low: 1, high: 1.1 } }),
    one([[]], (x) => x.logcumsumexp(0), { name: "0-d" }),
  ],
  cummax: [one([[2, 3]], (x) => x.cummax(1)), one([[3, 2]], (x) => x.cummax(0), { name: "dim 0" })],
  quantile: [
    one([[5]], (x) => x.quantile(0.3)),
    one([[2, 4]], (x) => x.quantile(halves, -1, { keepdim: true }), { name: "several" }),
    one([[4, 2], [2]], (x, q) => x.mul(3).quantile(q, 0), {
      name: "places",
      domain: { low: 0.1, high: 0.3 },
    }),
    ...(["lower", "higher", "nearest", "midpoint"] as const).map((interpolation) =>
      one([[4, 2]], (x) => x.quantile(0.4, 0, { interpolation }), { name: interpolation }),
    ),
  ],
  nanquantile: [
    one([[2, 4]], (x) => x.nanquantile(halves, 1)),
    one([[2, 3]], (x) => x.nanquantile(0.7, null, { keepdim: true }), { name: "all" }),
  ],
  cummin: [one([[2, 3]], (x) => x.cummin(1)), one([[3, 2]], (x) => x.cummin(0), { name: "dim 0" })],
};
