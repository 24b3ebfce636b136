// Softmax and its relatives, along one dimension.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html

import type { DType } from "../base/dtype.ts";
import { isFloat } from "../base/dtype.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import type { AlongDim, OpFn } from "./signatures.ts";

const prepared = (x: AnyTensor, options: { dtype?: DType } | undefined): AnyTensor =>
  options?.dtype ? x.to(options.dtype) : isFloat(x.dtype) ? x : x.to("float32");

/** The largest element along `dim`, without history: subtracting it changes no gradient. */
const peak = (x: AnyTensor, dim: number): AnyTensor => x.detach().amax(dim, { keepdim: true });

/** e^x_i / sum_j e^x_j along `dim`; computed from x - max(x), so that nothing overflows. */
export const softmax: AlongDim<"softmax", "float"> = composite(
  (input: AnyTensor, dim: number, options?: { dtype?: DType }) => {
    const x = prepared(input, options);
    if (x.numel() === 0) return x.clone();
    const e = x.sub(peak(x, dim)).exp();
    return e.div(e.sum(dim, { keepdim: true }));
  },
);

/** log(softmax(x)), computed as x - max - log(sum e^(x - max)), which is exact where softmax underflows. */
export const logSoftmax: AlongDim<"logSoftmax", "float"> = composite(
  (input: AnyTensor, dim: number, options?: { dtype?: DType }) => {
    const x = prepared(input, options);
    if (x.numel() === 0) return x.clone();
    const shifted = x.sub(peak(x, dim));
    return shifted.sub(shifted.exp().sum(dim, { keepdim: true }).log());
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
