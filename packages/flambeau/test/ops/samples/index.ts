// Inputs for every differentiable op, for the numeric checks of derivatives.

import { analysis } from "./analysis.ts";
import { arithmetic } from "./arithmetic.ts";
import type { Samples } from "./common.ts";
import { elementwise } from "./elementwise.ts";
import { functional } from "./functional.ts";
import { indexing } from "./indexing.ts";
import { linearAlgebra } from "./linalg.ts";
import { maskedReductions } from "./masked.ts";
import { movement } from "./movement.ts";
import { moves } from "./moves.ts";
import { order } from "./order.ts";
import { aliases, pointwise, special } from "./pointwise.ts";
import { products } from "./products.ts";
import { reduce } from "./reduce.ts";
import { spatial } from "./spatial.ts";
import { statistics } from "./statistics.ts";

export const samples: Samples = {
  ...elementwise,
  ...arithmetic,
  ...reduce,
  ...statistics,
  ...analysis,
  ...maskedReductions,
  ...products,
  ...movement,
  ...aliases,
  ...pointwise,
  ...special,
  ...indexing,
  ...moves,
  ...linearAlgebra,
  ...functional,
  ...spatial,
  ...order,
};

/** Ops that have no derivative to check, and why. */
export const without: Record<string, readonly string[]> = {
  "random numbers": [
    "bernoulli",
    "bernoulli_",
    "cauchy_",
    "exponential_",
    "geometric_",
    "logNormal_",
    "normal_",
    "normalAround",
    "poisson",
    "uniform_",
  ],
  "results that hold none of the input's values": [
    "allclose",
    "argsort",
    "argwhere",
    "broadcastShapes",
    "newEmpty",
    "newTensor",
    "nonzero",
    "randLike",
    "randintLike",
    "randnLike",
    "resize_",
    "resizeAs_",
    "bucketize",
    "countNonzero",
    "equal",
    "histogramdd",
    "emptyLike",
    "fullLike",
    "isclose",
    "masked.argmax",
    "masked.argmin",
    "isNonzero",
    "linalg.ldlFactor",
    "linalg.ldlFactorEx",
    "linalg.ldlSolve",
    "linalg.matrixRank",
    "newEmptyStrided",
    "newFull",
    "newOnes",
    "newZeros",
    "onesLike",
    "zerosLike",
  ],
  "other ops that change the tensor's own shape, see views.test.ts": [
    "squeeze_",
    "swapaxes_",
    "swapdims_",
    "t_",
    "transpose_",
    "unsqueeze_",
  ],
  "conversions to other dtypes, which are `to`": ["bool", "byte", "double", "float", "int", "long"],
};
