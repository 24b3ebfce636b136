// The affine map.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html

import type { DType } from "../base/dtype.ts";
import { ShapeError, showShape } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import { matrixProduct } from "../tensor/routines.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { op } from "./define.ts";
import { checkPair, matrixOf, mismatch } from "./matrices.ts";
import type { LinearOp } from "./signatures.ts";

/** All but the last dimension as one. */
const rowsOf = (x: AnyTensor): AnyTensor =>
  x.ndim === 2 ? x : x.reshape(numel(x.shape.slice(0, -1)), x.shape[x.ndim - 1]!);

/**
 * The affine map `x @ weight^T + bias`.
 *
 * **Shape** input [..., in], weight [out, in] or [in], bias [out]; result [..., out].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
 */
export const linear: LinearOp = op({
  saves: "inputs",
  flops: (out, x) => 2 * numel(out.shape) * x.shape[x.ndim - 1],
  method: false,
  forward: (x: AnyTensor, weight: AnyTensor, bias?: AnyTensor | null) => {
    checkPair(x, weight, "linear");
    if (weight.ndim !== 2 || x.ndim === 0) {
      const y = x.matmul(weight.t());
      return bias ? y.add(bias) : y;
    }
    const k = weight.shape[1]!;
    const n = weight.shape[0]!;
    if (x.shape[x.ndim - 1] !== k) throw mismatch(x, weight.t(), "linear");
    if (bias && (bias.ndim !== 1 || bias.length !== n)) {
      if (numel(bias.shape) !== 1)
        throw new ShapeError(
          "linear",
          [x.shape, weight.shape, bias.shape],
          `linear: a bias of shape ${showShape(bias.shape)} does not fit a weight of shape ${showShape(weight.shape)}: expected [${n}]`,
        );
      return x.matmul(weight.t()).add(bias);
    }
    const rows = rowsOf(x);
    const m = rows.shape[0]!;
    const shape = [...x.shape.slice(0, -1), n];
    const out: AnyTensor = fresh(allocateUnset(x.dtype, m * n), shape, x.dtype as DType);
    const w = {
      data: weight.storage.data,
      offset: weight.offset,
      rowStride: weight.strides[1]!,
      colStride: weight.strides[0]!,
    };
    const c = bias ? { data: bias.storage.data, offset: bias.offset, stride: bias.strides[0]! } : null;
    matrixProduct(1, m, n, k, matrixOf(rows), 0, w, 0, out.storage.data, 0, c);
    return out;
  },
  vjp: (g, s) => {
    const { a: x, b: weight } = s;
    const needX = s.edges[0] !== null;
    const needW = s.edges[1] !== null;
    const bias = s.meta(2);
    if (weight.ndim !== 2) {
      const gx = needX ? g.unsqueeze(-1).mul(weight) : null;
      return [
        gx,
        needW ? x.mul(g.unsqueeze(-1)).sumToSize(weight.shape) : null,
        bias && g.sumToSize(bias.shape),
      ];
    }
    const up = rowsOf(g);
    const gx = needX ? up.matmul(weight) : null;
    const gw = needW ? up.transpose(0, 1).matmul(rowsOf(x)) : null;
    return [x.ndim === 2 || !gx ? gx : gx.reshape(x.shape), gw, bias && s.edges[2] ? up.sum(0) : null];
  },
});
