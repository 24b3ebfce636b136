// Distances and similarities of vectors as modules.
// Floor L5 (nn). Source: torch/nn/modules/distance.py

import { cosineSimilarity, pairwiseDistance } from "../ops/distances.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { named } from "./arguments.ts";
import { Module } from "./module.ts";

/**
 * The p-norm of x1 - x2 + eps along the last dimension. Defaults p 2, eps 1e-6.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html
 */
export class PairwiseDistance extends Module {
  readonly norm: number;
  readonly eps: number;
  readonly keepdim: boolean;
  constructor(p?: number, options?: { readonly eps?: number; readonly keepdim?: boolean });
  constructor(...args: unknown[]) {
    super();
    const o = named<{ p: number; eps: number; keepdim: boolean }>(
      "PairwiseDistance",
      { p: 2, eps: 1e-6, keepdim: false },
      args,
    );
    this.norm = o.p;
    this.eps = o.eps;
    this.keepdim = o.keepdim;
  }
  forward(x1: AnyTensor, x2: AnyTensor): AnyTensor {
    return pairwiseDistance(x1, x2, this.norm, { eps: this.eps, keepdim: this.keepdim });
  }
}

/**
 * x1 x2 / (|x1| |x2|) along `dim`, the norms not below eps. Defaults dim 1, eps 1e-8.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html
 */
export class CosineSimilarity extends Module {
  readonly dim: number;
  readonly eps: number;
  constructor(dim?: number, options?: { readonly eps?: number });
  constructor(...args: unknown[]) {
    super();
    const o = named<{ dim: number; eps: number }>("CosineSimilarity", { dim: 1, eps: 1e-8 }, args);
    this.dim = o.dim;
    this.eps = o.eps;
  }
  forward(x1: AnyTensor, x2: AnyTensor): AnyTensor {
    return cosineSimilarity(x1, x2, this.dim, { eps: this.eps });
  }
}
