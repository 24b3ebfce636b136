// At least so many dimensions: atleast_1d, atleast_2d, atleast_3d.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.atleast_1d.html

import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { tensorsOf } from "./arguments.ts";
import { composite } from "./define.ts";
import type { AtLeastOp } from "./signatures.ts";

const atLeast = (rank: number, widen: (x: AnyTensor) => AnyTensor): AtLeastOp<1> =>
  composite(
    (...args: (AnyTensor | readonly AnyTensor[])[]) => {
      const one = (x: AnyTensor): AnyTensor => (x.ndim >= rank ? x : widen(x));
      if (args.length === 1 && isTensor(args[0])) return one(args[0]);
      return tensorsOf(args, `atleast_${rank}d`).map(one);
    },
    { method: false, variadic: true },
  );

/** A 0-d tensor with one dimension, others as they are; of several tensors, a list. Views. */
export const atleast1d: AtLeastOp<1> = atLeast(1, (x) => x.reshape([1]));
/** Tensors of fewer than two dimensions with new leading ones: [n] becomes [1, n]. Views. */
export const atleast2d: AtLeastOp<2> = atLeast(2, (x) =>
  x.ndim === 0 ? x.reshape([1, 1]) : x.unsqueeze(0),
) as AtLeastOp<2>;
/** Tensors of fewer than three dimensions with new ones: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1]. Views. */
export const atleast3d: AtLeastOp<3> = atLeast(3, (x) =>
  x.ndim === 0 ? x.reshape([1, 1, 1]) : x.ndim === 1 ? x.unsqueeze(0).unsqueeze(-1) : x.unsqueeze(-1),
) as AtLeastOp<3>;
