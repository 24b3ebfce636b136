// Softmax and its relatives, along one dimension.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html

import type { DType } from "../base/dtype.ts";
import { isFloat } from "../base/dtype.ts";
import { normalizeDim } from "../base/shape.ts";
import { mode } from "../tensor/grad-mode.ts";
import type { RunRows } from "../tensor/rows.ts";
import { rowRunner } from "../tensor/rows.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import type { AlongDim, OpFn } from "./signatures.ts";

const prepared = (x: AnyTensor, options: { dtype?: DType } | undefined): AnyTensor =>
  options?.dtype ? x.to(options.dtype) : isFloat(x.dtype) ? x : x.to("float32");

/** Runs a nest of tensors of one shape along any dimension; another than the last is moved there and back. */
function along(run: RunRows, dim: number, ...operands: AnyTensor[]): AnyTensor {
  const [x] = operands as [AnyTensor];
  const n: number = x.ndim === 0 ? 1 : x.shape[dim];
  const last = x.ndim < 2 || dim === x.ndim - 1;
  const rows = last ? operands : operands.map((t): AnyTensor => t.transpose(dim, -1));
  const { shape } = rows[0]!;
  const [y] = run(x.dtype, x.numel() / n, n, rows, [shape]) as [AnyTensor];
  return last ? y : y.transpose(dim, -1).contiguous();
}

const runSoftmax = rowRunner("softmax", (nest, dtype) => {
  const { k } = nest;
  const x = nest.operand("full", dtype);
  const { total, kept } = nest.reduceKept("sum", k.exp(k.sub(x, nest.reduce("max", x))));
  nest.map(k.div(kept, total));
});

const runSoftmaxBackward = rowRunner("softmaxBackward", (nest, dtype) => {
  const { k } = nest;
  const g = nest.operand("full", dtype);
  const y = nest.operand("full", dtype);
  nest.map(k.mul(k.sub(g, nest.reduce("sum", k.mul(g, y))), y));
});

const runLogSoftmax = rowRunner("logSoftmax", (nest, dtype) => {
  const { k } = nest;
  const x = nest.operand("full", dtype);
  const shifted = k.sub(x, nest.reduce("max", x));
  nest.map(k.sub(shifted, k.log(nest.reduce("sum", k.exp(shifted)))));
});

const runLogSoftmaxBackward = rowRunner("logSoftmaxBackward", (nest, dtype) => {
  const { k } = nest;
  const g = nest.operand("full", dtype);
  const y = nest.operand("full", dtype);
  nest.map(k.sub(g, k.mul(k.exp(y), nest.reduce("sum", g))));
});

// Gradients that are recorded themselves are written in ops; others are one kernel.

const softmaxAlong: (x: AnyTensor, dim: number) => AnyTensor = op({
  name: "softmax",
  saves: "output",
  forward: (x: AnyTensor, dim: number) => along(runSoftmax, dim, x),
  vjp: (g, s) => {
    const { y } = s;
    const dim = s.meta(1);
    if (!mode.grad) return along(runSoftmaxBackward, dim, g, y);
    return g.sub(g.mul(y).sum(dim, { keepdim: true })).mul(y);
  },
});

const logSoftmaxAlong: (x: AnyTensor, dim: number) => AnyTensor = op({
  name: "logSoftmax",
  saves: "output",
  forward: (x: AnyTensor, dim: number) => along(runLogSoftmax, dim, x),
  vjp: (g, s) => {
    const { y } = s;
    const dim = s.meta(1);
    if (!mode.grad) return along(runLogSoftmaxBackward, dim, g, y);
    return g.sub(y.exp().mul(g.sum(dim, { keepdim: true })));
  },
});

/** e^x_i / sum_j e^x_j along `dim`; computed from x - max(x), so that nothing overflows. */
export const softmax: AlongDim<"softmax", "float"> = composite(
  (input: AnyTensor, dim: number, options?: { dtype?: DType }) => {
    const x = prepared(input, options);
    const d = normalizeDim(dim, x.ndim, "softmax");
    return x.numel() === 0 ? x.clone() : softmaxAlong(x, d);
  },
);

/** log(softmax(x)), computed as x - max - log(sum e^(x - max)), which is exact where softmax underflows. */
export const logSoftmax: AlongDim<"logSoftmax", "float"> = composite(
  (input: AnyTensor, dim: number, options?: { dtype?: DType }) => {
    const x = prepared(input, options);
    const d = normalizeDim(dim, x.ndim, "logSoftmax");
    return x.numel() === 0 ? x.clone() : logSoftmaxAlong(x, d);
  },
);

/** log(sum e^x) along `dim` (a number or a list). */
export const logsumexp: OpFn<[dim: number | readonly number[], options?: { readonly keepdim?: boolean }]> =
  composite((input: AnyTensor, dim: number | readonly number[], options: { keepdim?: boolean } = {}) => {
    const x = prepared(input, undefined);
    // Of nothing there is no maximum, and nothing can overflow.
    if (x.numel() === 0)
      return x
        .exp()
        .sum(dim as number, options)
        .log();
    const top = x.detach().amax(dim as number, { keepdim: true });
    // An infinite maximum would give inf - inf.
    const shift = top.maskedFill(top.abs().eq(Number.POSITIVE_INFINITY), 0);
    const sum = x
      .sub(shift)
      .exp()
      .sum(dim as number, { keepdim: true })
      .log()
      .add(shift);
    return options.keepdim ? sum : sum.squeeze(dim as number);
  });
