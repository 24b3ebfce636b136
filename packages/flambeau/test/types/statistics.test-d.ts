// Variances, norms and distances: static shapes, mistakes, unknown extents and ranks.

import * as torch from "../../src/ops/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const a: Tensor<[5, 200]>;
declare const d: Tensor<[5, 200], "float64">;
declare const p: Tensor<[7, 200]>;
declare const stack: Tensor<[3, 1, 7, 200]>;
declare const v: Tensor<[200]>;
declare const bad: Tensor<[100, 1]>;
declare const plain: Tensor;

is<Tensor<[]>>()(a.var());
is<Tensor<[5]>>()(a.std(1, { correction: 0 }));
is<Tensor<[5, 1], "float64">>()(torch.std(d, -1, { keepdim: true }));
is<Tensor>()(plain.var(0));
is<[spread: Tensor<[200]>, mean: Tensor<[200]>]>()(torch.varMean(a, 0));
// @ts-expect-error "var: Dimension out of range (expected to be in range of [-2, 1], but got 2) for shape [5, 200]"
a.var(2);
// @ts-expect-error "stdMean: Dimension out of range ..."
torch.stdMean(a, 2);

is<Tensor<[]>>()(a.norm());
is<Tensor<[5, 1]>>()(a.norm(2, 1, { keepdim: true }));
is<Tensor<[200], "float64">>()(torch.norm(a, 1, 0, { dtype: "float64" }));
// @ts-expect-error "norm: Dimension out of range ..."
a.norm(2, 2);
is<Tensor<[]>>()(a.dist(v));
// @ts-expect-error "dist: shapes [5, 200] and [100, 1] cannot be broadcast together"
a.dist(bad);

is<Tensor<[5, 7]>>()(torch.cdist(a, p));
is<Tensor<[3, 1, 5, 7]>>()(torch.cdist(a, stack, 1));
is<Tensor>()(torch.cdist(plain, a));
// @ts-expect-error "cdist: points of different dimension: [5, 200] and [100, 1]"
torch.cdist(a, bad);
// @ts-expect-error "cdist: expected at least 2 dimensions, but got [5, 200] and [200]"
torch.cdist(a, v);
is<Tensor<[number]>>()(torch.pdist(a));
is<Tensor<[5]>>()(torch.pairwiseDistance(a, v));
is<Tensor<[5, 1]>>()(torch.pairwiseDistance(a, a, 2, { keepdim: true }));
// @ts-expect-error "pairwiseDistance: shapes [5, 200] and [100, 1] cannot be broadcast together"
torch.pairwiseDistance(a, bad);
is<Tensor<[5]>>()(torch.cosineSimilarity(a, v));
is<Tensor<[200]>>()(torch.cosineSimilarity(a, a, 0));
// @ts-expect-error "cosineSimilarity: Dimension out of range ..."
torch.cosineSimilarity(a, a, 2);
