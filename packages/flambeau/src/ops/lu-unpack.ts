// The parts of an LU decomposition, a function of `torch` only.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.lu_unpack.html

import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import { sameShape } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import { checkLU, permutationOf, trianglesOf } from "./linalg/lu.ts";
import { leadOf, lookAt } from "./linalg/matrices.ts";
import type { Named } from "./named.ts";
import { named } from "./named.ts";

interface UnpackOptions {
  /** Whether L and U are wanted (default), or are empty. */
  readonly unpackData?: boolean;
  /** Whether P is wanted (default), or is empty. */
  readonly unpackPivots?: boolean;
}
type Parts = Named<
  readonly [P: AnyTensor, L: AnyTensor, U: AnyTensor],
  { P: AnyTensor; L: AnyTensor; U: AnyTensor }
>;

/** `{ P, L, U }` with A = P L U from what `lu` gives. @throws RuntimeError for pivots that are no int32 rows of A. */
export const luUnpack: (LU: AnyTensor, pivots: AnyTensor, options?: UnpackOptions) => Parts = composite(
  (LU: AnyTensor, pivots: AnyTensor, options: UnpackOptions = {}) => {
    const { unpackData = true, unpackPivots = true } = options;
    checkLU(LU, "torch.lu_unpack");
    if (unpackPivots && pivots.dtype !== "int32")
      throw new RuntimeError(
        `torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype, but it is ${pivots.dtype}.`,
      );
    const empty = (): AnyTensor => LU.newZeros([0]);
    const [l, u] = unpackData ? trianglesOf(LU) : [empty(), empty()];
    return named("lu_unpack", ["P", "L", "U"], [
      unpackPivots ? permutation(LU, pivots) : empty(),
      l,
      u,
    ] as const);
  },
  { method: false },
);

function permutation(LU: AnyTensor, pivots: AnyTensor): AnyTensor {
  const [m, n] = LU.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  if (pivots.ndim === 0 || !sameShape(pivots.shape.slice(0, -1), leadOf(LU)) || pivots.shape.at(-1)! < k)
    throw new ShapeError(
      "torch.lu_unpack",
      [LU.shape, pivots.shape],
      `torch.lu_unpack: pivots of shape ${showShape(pivots.shape)} do not belong to LU of shape ${showShape(LU.shape)}`,
    );
  const used: AnyTensor = pivots.shape.at(-1) === k ? pivots : pivots.narrow(-1, 0, k);
  lookAt("lu_unpack", used, (places) => {
    if (places.some((p) => p < 1 || p > m))
      throw new RuntimeError(
        "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive. Did you properly pass the result of lu_factor?",
      );
  });
  return permutationOf(LU, used);
}
