// Sorting, extrema and scans: static shapes, named results, mistakes.

import * as torch from "../../src/ops/index.ts";
import type { ValuesAndIndices } from "../../src/ops/named.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const a: Tensor<[5, 200]>;
declare const v: Tensor<[200]>;
declare const bad: Tensor<[100, 1]>;
declare const i: Tensor<[5, 200], "int32">;
declare const d: Tensor<[5, 200], "float64">;
declare const rows: Tensor<[number, 200]>;
declare const plain: Tensor;
declare const n: number;

// ---- extrema
is<Tensor<[]>>()(a.max());
is<Tensor<[]>>()(torch.max(a));
is<Tensor<[], "int32">>()(i.min());
is<ValuesAndIndices<[5], "float32">>()(a.max(1));
is<Tensor<[5]>>()(a.max(1).values.neg());
is<Tensor<[5], "int32">>()(a.max(1).indices);
is<Tensor<[5, 1]>>()(a.max(-1, { keepdim: true }).values.neg());
is<Tensor<[5]>>()(torch.min(a, 1)[0]);
is<Tensor<[5, 200]>>()(a.max(v));
is<Tensor<[5, 200]>>()(torch.max(v, a));
is<Tensor<[5, 200], "float64">>()(a.min(d));
is<ValuesAndIndices<readonly number[], "float32">>()(a.max(n));
is<Tensor>()(plain.max(0).values.neg());
is<Tensor>()(plain.max(a));
is<Tensor<[5]>>()(a.aminmax({ dim: 1 }).max);
is<Tensor<[]>>()(a.aminmax().min);
const [largest, where] = a.max(0);
is<Tensor<[200]>>()(largest);
is<Tensor<[200], "int32">>()(where);
// @ts-expect-error "max: Dimension out of range (expected to be in range of [-2, 1], but got 2) for shape [5, 200]"
a.max(2);
// @ts-expect-error "max: shapes [5, 200] and [100, 1] cannot be broadcast together"
a.max(bad);
// @ts-expect-error the same
torch.max(a, bad);

// ---- order
is<ValuesAndIndices<[5, 200], "float32">>()(a.sort());
is<Tensor<[5, 200], "int32">>()(i.sort(0, { descending: true }).values.neg());
is<Tensor<[5, 200], "int32">>()(a.argsort(1));
is<Tensor<[5, 200]>>()(a.msort());
is<Tensor<[5, 3]>>()(a.topk(3).values.neg());
is<Tensor<[2, 200]>>()(torch.topk(a, 2, 0).values.neg());
is<Tensor<[5, number]>>()(a.topk(n).values.neg());
is<Tensor<[number, 3]>>()(rows.topk(3).values.neg());
is<Tensor<[5]>>()(a.kthvalue(3).values.neg());
is<Tensor<[1, 200]>>()(a.kthvalue(3, 0, { keepdim: true }).values.neg());
is<Tensor<[]>>()(a.median());
is<Tensor<[5]>>()(a.median(1).values.neg());
is<Tensor<[200]>>()(a.nanmedian(0).values.neg());
is<Tensor<[5], "int32">>()(i.mode().values.neg());
// @ts-expect-error "sort: Dimension out of range ..."
a.sort(2);
// @ts-expect-error "topk: selected index k out of range: 6, of 5 elements in a row of shape [5, 200]"
a.topk(6, 0);
// @ts-expect-error "median: Dimension out of range ..."
a.median(3);

// ---- scans
is<Tensor<[5, 200]>>()(a.cumsum(0));
is<Tensor<[5, 200], "int32">>()(i.cumprod(-1));
is<Tensor<[5, 200], "float64">>()(torch.cumsum(i, 0, { dtype: "float64" }));
is<Tensor<[5, 200]>>()(a.cumsum_(0));
is<Tensor<[5, 200]>>()(a.logcumsumexp(1));
is<ValuesAndIndices<[5, 200], "float32">>()(a.cummax(1));
// @ts-expect-error "cumsum: Dimension out of range ..."
a.cumsum(2);
// @ts-expect-error "cummin: Dimension out of range ..."
torch.cummin(a, 2);

// ---- quantiles, distinct elements, searching, counting
is<Tensor<[]>>()(a.quantile(0.5));
is<Tensor<[5]>>()(a.quantile(0.5, 1));
is<Tensor<[3, 5, 1]>>()(a.quantile(null! as Tensor<[3]>, 1, { keepdim: true }));
is<Tensor<[3]>>()(torch.nanquantile(a, null! as Tensor<[3]>));
is<Tensor<[number]>>()(a.unique());
is<[Tensor<[number]>, Tensor<[5, 200], "int32">]>()(a.unique({ returnInverse: true }));
is<[Tensor<[number]>, Tensor<[number], "int32">]>()(torch.uniqueConsecutive(a, { returnCounts: true }));
is<[Tensor<[number]>, Tensor<[5, 200], "int32">, Tensor<[number], "int32">]>()(
  a.unique({ returnInverse: true, returnCounts: true }),
);
is<Tensor<[5, 200], "int32">>()(torch.searchsorted(v, a));
is<Tensor<[], "int32">>()(torch.bucketize(3, v));
is<Tensor<[5, 200], "bool">>()(torch.isin(a, v));
is<Tensor<[10]>>()(a.histogram(10).hist);
is<Tensor<[number], "int32">>()(i.bincount());
is<Tensor<[number]>>()(i.bincount(v));
is<boolean>()(a.equal(v));
is<boolean>()(torch.allclose(a, a, { rtol: 1e-3 }));
// @ts-expect-error "quantile: Dimension out of range ..."
a.quantile(0.5, 2);
