// Movement, joins, diagonals and repetition: static shapes, mistakes, unknown extents and ranks.

import * as torch from "../../src/ops/index.ts";
import type { AnyTensor, Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const m: Tensor<[2, 3]>;
declare const v: Tensor<[5]>;
declare const s: Tensor<[]>;
declare const c: Tensor<[2, 3, 4]>;
declare const i: Tensor<[2, 3], "int32">;
declare const rows: Tensor<[number, 3]>;
declare const plain: Tensor;
declare const list: Tensor<[2, 3]>[];
declare const n: number;

// ---- properties
is<Tensor<[3, 2]>>()(m.T);
is<Tensor<[4, 3, 2]>>()(c.T);
is<Tensor<[]>>()(s.T);
is<Tensor<[5]>>()(v.T);
is<Tensor<[3, number]>>()(rows.T);
is<Tensor>()(plain.T);
is<Tensor<[2, 4, 3]>>()(c.mT);
is<Tensor<[3, 2], "int32">>()(i.mH);
is<Tensor<[3, 2]>>()(m.H);
is<Tensor>()(plain.mT);
is<Tensor<[2, 2]>>()(m.matmul(m.T));
// @ts-expect-error "matmul: inner sizes differ: [2, 3] x [2, 3]"
m.matmul(m);

// ---- dimensions
is<Tensor<[3, 4, 2]>>()(c.movedim(0, -1));
is<Tensor<[4, 2, 3]>>()(torch.moveaxis(c, 2, 0));
is<Tensor<[number, number, number]>>()(c.movedim([0, 1], [1, 0]));
is<Tensor<[4, 3, 2]>>()(c.swapaxes(0, 2));
is<Tensor<[2, 4, 3]>>()(torch.swapdims(c, 1, -1));
is<Tensor<[24]>>()(c.ravel());
is<Tensor<[number]>>()(rows.ravel());
is<Tensor<[3, 2]>>()(m.viewAs(m.T));
is<Tensor<[2, 3]>>()(m.T.reshapeAs(m));
is<Tensor<[2, 4, 3]>>()(c.adjoint());
// @ts-expect-error "movedim: Dimension out of range (expected to be in range of [-3, 2], but got 3) for shape [2, 3, 4]"
c.movedim(0, 3);
// @ts-expect-error "viewAs: shape '[5]' is invalid for input of size 6 (input shape [2, 3])"
m.viewAs(v);

// ---- windows
is<Tensor<[3, 3]>>()(v.unfold(0, 3, 1));
is<Tensor<[2, 3, 2, 2]>>()(c.unfold(-1, 2, 2));
is<Tensor<[number, 2, 2]>>()(rows.unfold(1, 2, 1));
is<Tensor<[number, number]>>()(v.unfold(0, n, 1));
// @ts-expect-error "unfold: maximum size for tensor at dimension 0 is 5 but size is 6"
v.unfold(0, 6, 1);

// ---- diagonals
is<Tensor<[2]>>()(m.diagonal());
is<Tensor<[1]>>()(m.diagonal(2));
is<Tensor<[1]>>()(m.diagonal(-1));
is<Tensor<[0]>>()(m.diagonal(7));
is<Tensor<[2, 3]>>()(torch.diagonal(c, 0, 1, 2));
is<Tensor<[number]>>()(rows.diagonal());
is<Tensor<[5, 5]>>()(v.diag());
is<Tensor<[7, 7]>>()(v.diag(-2));
is<Tensor<[2]>>()(m.diag(1));
is<Tensor<[2, 4, 4]>>()(m.diagEmbed(1));
is<Tensor<[]>>()(m.trace());
is<Tensor<[], "int32">>()(i.trace());
is<Tensor<[2, 3]>>()(m.tril(-1));
is<Tensor<[2, 3]>>()(m.triu_());
// @ts-expect-error "diagonal: dimensions cannot be identical, got 1 twice for shape [2, 3]"
m.diagonal(0, 1, 1);

// ---- elements in another order, or several times
is<Tensor<[2, 3]>>()(m.flip(0));
is<Tensor<[2, 3]>>()(torch.flip(m, [0, 1]));
is<Tensor<[2, 3]>>()(m.fliplr());
is<Tensor<[2, 3]>>()(m.roll(1, 0));
is<Tensor<[4, 9]>>()(m.repeat(2, 3));
is<Tensor<[2, 2, 9]>>()(m.repeat([2, 1, 3]));
is<Tensor<[2, 6]>>()(m.tile(2));
is<Tensor<[2, 4, 3]>>()(torch.tile(m, [2, 2, 1]));
is<Tensor<[number, 6]>>()(rows.repeat(1, 2));
is<Tensor>()(plain.tile(2));
// @ts-expect-error "repeat: [2] has fewer numbers than [2, 3] has dimensions"
m.repeat(2);

// ---- joining and splitting
is<Tensor<[2, 6]>>()(torch.hstack([m, m]));
is<Tensor<[10]>>()(torch.hstack([v, v]));
is<Tensor<[6]>>()(torch.hstack([v, s]));
is<Tensor<[4, 3]>>()(torch.vstack([m, m]));
is<Tensor<[2, 5]>>()(torch.rowStack([v, v]));
is<Tensor<[2, 3, 2]>>()(torch.dstack([m, m]));
is<Tensor<[5, 2]>>()(torch.columnStack([v, v]));
is<Tensor<[number, 3]>>()(torch.vstack(list));
is<Tensor<[4, 3]>>()(torch.concat([m, m]));
is<Tensor<[1, 5]>>()(torch.atleast2d(v));
is<Tensor<[1]>>()(torch.atleast1d(s));
is<Tensor<[2, 3, 1]>>()(torch.atleast3d(m));
is<AnyTensor[]>()(torch.atleast2d(v, s));
is<Tensor<[1, 3]>[]>()(m.tensorSplit(2));
is<Tensor<[2, number]>[]>()(m.tensorSplit(2, 1));
is<Tensor<[number, 3]>[]>()(m.tensorSplit([1]));
// @ts-expect-error "vstack: sizes of tensors must match except in dimension 0: got [2, 3] and [1, 5]"
torch.vstack([m, v]);

// ---- dtypes, masks
is<Tensor<[2, 3], "float64">>()(m.to("float64"));
is<Tensor<[2, 3], "int32">>()(m.to(i));
is<Tensor<[2, 3], "int32">>()(m.typeAs(i));
is<Tensor<[2, 3]>>()(torch.randLike(m));
is<Tensor<[2, 3], "float64">>()(torch.randnLike(m, { dtype: "float64" }));
is<Tensor<[number, 2], "int32">>()(m.nonzero());
is<Tensor<[number], "int32">[]>()(m.nonzero({ asTuple: true }));
is<Tensor<[number], "int32">[]>()(torch.where(m.gt(0)));
