// Shapes of products beyond matmul; `npm run check` compiles this file.

import type { AnyTensor, Tensor } from "../../src/index.ts";
import * as torch from "../../src/index.ts";
import { is } from "./expect.ts";

declare const a: Tensor<[5, 4]>;
declare const b: Tensor<[4, 3]>;
declare const v: Tensor<[4]>;
declare const w: Tensor<[3]>;
declare const s: Tensor<[]>;
declare const p: Tensor<[2, 5, 4]>;
declare const q: Tensor<[2, 4, 3]>;
declare const d: Tensor<[4, 3], "float64">;
declare const plain: Tensor;
declare const anything: AnyTensor;

is<Tensor<[4, 3]>>()(v.outer(w));
is<Tensor<[4, 3]>>()(torch.outer(v, w));
is<Tensor<[number, number]>>()(plain.outer(plain));
// @ts-expect-error "outer: expected 1 dimensions, but got shape [5, 4]"
v.outer(a);

is<Tensor<[5, 3]>>()(torch.addmm(w, a, b));
is<Tensor<[5, 3]>>()(w.addmm(a, b, { beta: 0.5 }));
is<Tensor<[5, 3]>>()(s.addmm(a, b));
is<Tensor<[5, 3]>>()(plain.addmm(a, b));
is<Tensor>()(w.addmm(plain, b));
is<Tensor<[5]>>()(s.addmv(a, v));
is<Tensor<[4, 3]>>()(w.addr(v, w));
is<Tensor<[2, 5, 3]>>()(w.baddbmm(p, q));
is<Tensor<[5, 3]>>()(torch.addbmm(w, p, q));
// @ts-expect-error "addmm: inner sizes differ: [5, 4] x [5, 4]"
w.addmm(a, a);
// @ts-expect-error "addmm: shape [4] cannot be expanded to [5, 3]"
torch.addmm(v, a, b);
// @ts-expect-error "addmm: expected both tensors to have the same dtype, but got float32 and float64"
w.addmm(a, d);
// @ts-expect-error "baddbmm: expected 3 dimensions, but got shape [5, 4]"
w.baddbmm(a, q);

is<Tensor<[5, 2, 5]>>()(a.inner(p));
is<Tensor<[5, 4]>>()(s.inner(a));
// @ts-expect-error "inner: the last dimension must match on both input tensors but got shapes [5, 4] and [4, 3]"
a.inner(b);
is<Tensor<[20, 12]>>()(a.kron(b));
is<Tensor<[2, 20, 12]>>()(a.kron(q));
is<Tensor<[20, 12], "float64">>()(torch.kron(a, d));
is<Tensor<[4, 3]>>()(b.cross(b));
is<Tensor<[4, 3]>>()(torch.linalg.cross(b, b));
// @ts-expect-error "cross: inputs must have the same number of dimensions, but got [4, 3] and [3]"
b.cross(w);
is<Tensor<[5]>>()(torch.linalg.vecdot(a, v));
is<Tensor<[4]>>()(torch.linalg.vecdot(a, a, { dim: 0 }));
// @ts-expect-error "linalg.vecdot: shapes [5, 4] and [3] cannot be broadcast together"
torch.linalg.vecdot(a, w);

is<Tensor<[5, 3]>>()(torch.tensordot(a, b, 1));
is<Tensor<[]>>()(torch.tensordot(a, a));
is<Tensor<[5, 4, 4, 3]>>()(torch.tensordot(a, b, 0));
is<Tensor>()(torch.tensordot(a, b, [[1], [0]]));
// @ts-expect-error "tensordot: contracted dimensions need to match: [5, 4] and [5, 4]"
torch.tensordot(a, a, 1);

export const product: AnyTensor = torch.einsum("ij,jk->ik", a, b);
export const loose: AnyTensor = anything.addmm(anything, anything).inner(anything).kron(anything);
