// Ops as methods and as functions: static shapes, mistakes, unknown extents and ranks.

import * as torch from "../../src/ops/index.ts";
import type { AnyTensor, Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const a: Tensor<[5, 200]>;
declare const b: Tensor<[200, 1]>;
declare const v: Tensor<[200]>;
declare const bad: Tensor<[100, 1]>;
declare const i: Tensor<[5, 200], "int32">;
declare const d: Tensor<[5, 200], "float64">;
declare const rows: Tensor<[number, 200]>;
declare const plain: Tensor;
declare const anything: AnyTensor;
declare const list: Tensor<[5, 200]>[];
declare const dims: number | readonly number[];

// ---- element by element
is<Tensor<[5, 200]>>()(a.exp());
is<Tensor<[5, 200]>>()(torch.exp(a));
is<Tensor<[5, 200]>>()(i.exp());
is<Tensor<[5, 200], "int32">>()(i.neg());
is<Tensor<[5, 200], "bool">>()(a.isnan());
is<Tensor>()(plain.exp());
is<Tensor<[5, 200]>>()(a.add(v));
is<Tensor<[5, 200]>>()(v.add(a));
is<Tensor<[5, 200]>>()(torch.add(a, v));
is<Tensor<[5, 200]>>()(a.add(1));
is<Tensor<[5, 200]>>()(a.add(v, { alpha: 2 }));
is<Tensor<[200, 200]>>()(b.mul(v));
is<Tensor<[5, 200], "int32">>()(i.add(1));
is<Tensor<[5, 200]>>()(i.add(1.5));
is<Tensor<[5, 200]>>()(i.mul(a));
is<Tensor<[5, 200], "float64">>()(a.mul(d));
is<Tensor<[5, 200]>>()(i.div(2));
is<Tensor<[5, 200], "int32">>()(i.div(2, { roundingMode: "floor" }));
is<Tensor<[5, 200]>>()(torch.pow(2, a));
is<Tensor<[5, 200], "bool">>()(a.gt(0));
is<Tensor<[5, 200], "bool">>()(torch.eq(a, v));
is<Tensor<[5, 200]>>()(torch.where(a.gt(0), a, 0));
is<Tensor<[5, 200]>>()(rows.add(a));
is<Tensor<[number, 200]>>()(rows.add(v));
is<Tensor>()(plain.add(a));
is<Tensor>()(a.add(plain));
// @ts-expect-error "add: shapes [5, 200] and [100, 1] cannot be broadcast together"
a.add(bad);
// @ts-expect-error the same
torch.add(a, bad);
// @ts-expect-error the same
torch.add(a, bad, { alpha: 2 });
// @ts-expect-error "gt: shapes [5, 200] and [100, 1] cannot be broadcast together"
a.gt(bad);
// @ts-expect-error "where: shapes [5, 200] and [100, 1] cannot be broadcast together"
torch.where(a.gt(0), a, bad);
// @ts-expect-error not an operand
a.add("1");

// A mistake is one error: the result is of unknown shape.
// @ts-expect-error "matmul: inner sizes differ: [5, 200] x [100, 1]"
is<Tensor>()(a.matmul(bad));
// @ts-expect-error "add: shapes [5, 200] and [100, 1] cannot be broadcast together"
a.add(bad).matmul(b).sum(0);

// ---- in place
is<Tensor<[5, 200]>>()(a.exp_());
is<Tensor<[5, 200]>>()(a.add_(v));
is<Tensor<[5, 200]>>()(a.add_(1, { alpha: 2 }));
is<Tensor<[5, 200]>>()(a.zero_());
is<Tensor<[5, 200]>>()(a.fill_(1));
is<Tensor<[5, 200]>>()(a.clamp_(0));
is<Tensor>()(plain.mul_(a));
// @ts-expect-error "mul_: output with shape [200] doesn't match the broadcast shape [5, 200]"
v.mul_(a);
// @ts-expect-error "add_: shapes [5, 200] and [100, 1] cannot be broadcast together"
a.add_(bad);
// @ts-expect-error isnan has no form in place
a.isnan_();

// ---- reductions
is<Tensor<[]>>()(a.sum());
is<Tensor<[]>>()(plain.sum());
is<Tensor<[]>>()(torch.sum(a));
is<Tensor<[5]>>()(a.sum(1));
is<Tensor<[5]>>()(torch.sum(a, 1));
is<Tensor<[5, 1]>>()(a.sum(-1, { keepdim: true }));
is<Tensor<[5, 1]>>()(torch.sum(a, -1, { keepdim: true }));
is<Tensor<[]>>()(a.sum([0, 1]));
is<Tensor<[1, 1]>>()(a.sum(undefined, { keepdim: true }));
is<Tensor<[], "float64">>()(a.sum(null, { dtype: "float64" }));
is<Tensor<[], "int32">>()(i.sum());
is<Tensor<[200], "bool">>()(a.any(0));
is<Tensor<[200], "int32">>()(i.amax(0));
is<Tensor<[5], "int32">>()(a.argmax(1));
is<Tensor<[], "int32">>()(a.argmax());
is<Tensor<[5, 200]>>()(a.softmax(-1));
is<Tensor<[number]>>()(rows.sum(1));
is<Tensor>()(plain.sum(0));
is<Tensor>()(a.sum(dims));
is<Tensor<[number, number]>>()(a.sum(dims, { keepdim: true }));
// @ts-expect-error "sum: Dimension out of range (expected to be in range of [-2, 1], but got 2) for shape [5, 200]"
a.sum(2);
// @ts-expect-error the same
torch.sum(a, 2);
// @ts-expect-error "sum: dim 1 appears multiple times in the list of dims, for shape [5, 200]"
a.sum([1, -1]);
// @ts-expect-error "argmax: Dimension out of range ..."
a.argmax(2);
// @ts-expect-error "softmax: Dimension out of range ..."
a.softmax(2);

// ---- products
is<Tensor<[5, 1]>>()(a.matmul(b));
is<Tensor<[5, 1]>>()(torch.matmul(a, b));
is<Tensor<[5]>>()(a.matmul(v));
is<Tensor<[number, 1]>>()(rows.matmul(b));
is<Tensor>()(plain.matmul(b));
is<Tensor<[5, 10]>>()(torch.linear(a, null! as Tensor<[10, 200]>, null! as Tensor<[10]>));
// @ts-expect-error "matmul: inner sizes differ: [5, 200] x [100, 1]"
a.matmul(bad);
// @ts-expect-error the same
torch.matmul(a, bad);
// @ts-expect-error "matmul: expected both tensors to have the same dtype, but got float32 and float64"
a.matmul(d.t());
// @ts-expect-error "linear: an input of shape [5, 200] does not fit a weight of shape [100, 1] ([out, in])"
torch.linear(a, bad);
// @ts-expect-error "linear: shapes [5, 10] and [200] cannot be broadcast together"
torch.linear(a, null! as Tensor<[10, 200]>, v);

// ---- movement
is<Tensor<[10, 100]>>()(a.reshape(10, -1));
is<Tensor<[10, 100]>>()(a.reshape([10, -1]));
is<Tensor<[10, 100]>>()(torch.reshape(a, [10, -1]));
is<Tensor<[10, 100]>>()(torch.reshape(a, 10, -1));
is<Tensor<[1000]>>()(a.view(-1));
is<Tensor>()(a.reshape([...list.keys()]));
is<Tensor<[2, number]>>()(plain.reshape(2, -1));
is<Tensor<[number, 20, 10]>>()(rows.reshape(-1, 20, 10));
is<Tensor<[200, 5]>>()(a.permute(1, 0));
is<Tensor<[200, 5]>>()(torch.permute(a, [1, 0]));
is<Tensor<[200, 5]>>()(a.transpose(0, -1));
is<Tensor<[200, 5]>>()(a.t());
is<Tensor<[1000]>>()(a.flatten());
is<Tensor<[5, 200]>>()(a.flatten(1));
is<Tensor<[5, 200, 1]>>()(a.unsqueeze(-1));
is<Tensor<[200]>>()(b.squeeze());
is<Tensor<[200]>>()(b.squeeze(1));
is<Tensor>()(b.squeeze(dims));
is<Tensor<[3, 5, 200]>>()(a.expand(3, -1, -1));
is<Tensor<[200]>>()(a.select(0, -1));
is<Tensor<[2, 200]>>()(a.narrow(0, 1, 2));
is<Tensor<[5, 100]>[]>()(a.chunk(2, 1));
// @ts-expect-error "reshape: shape '[3, -1]' is invalid for input of size 1000 (input shape [5, 200])"
a.reshape(3, -1);
// @ts-expect-error the same
torch.reshape(a, [3, -1]);
// @ts-expect-error "reshape: only one dimension can be inferred, got [-1, -1]"
a.reshape(-1, -1);
// @ts-expect-error "permute: repeated dim 0 in the dims [0, 0], for shape [5, 200]"
a.permute(0, 0);
// @ts-expect-error "transpose: Dimension out of range ..."
a.transpose(0, 2);
// @ts-expect-error "flatten: startDim cannot come after endDim, for shape [5, 200]"
a.flatten(1, 0);
// @ts-expect-error "unsqueeze: Dimension out of range ..."
a.unsqueeze(4);
// @ts-expect-error "squeeze: Dimension out of range ..."
a.squeeze(2);
// @ts-expect-error "expand: shape [5, 200] cannot be expanded to [3, 200]"
a.expand(3, 200);
// @ts-expect-error "select: index 5 is out of bounds for dimension with size 5 of shape [5, 200]"
a.select(0, 5);
// @ts-expect-error "narrow: start (4) + length (2) exceeds dimension size (5) of shape [5, 200]"
a.narrow(0, 4, 2);

// ---- lists
is<Tensor<[10, 200]>>()(torch.cat([a, a]));
is<Tensor<[5, 400]>>()(torch.cat([a, a], 1));
is<Tensor<[number, 200]>>()(torch.cat(list));
is<Tensor<[10, 200], "float64">>()(torch.cat([a, d]));
is<Tensor<[2, 5, 200]>>()(torch.stack([a, a]));
is<Tensor<[5, 200, 2]>>()(torch.stack([a, a], -1));
is<Tensor>()(torch.cat([a, plain]));
// @ts-expect-error "cat: sizes of tensors must match except in dimension 0: got [5, 200] and [200, 1]"
torch.cat([a, b]);
// @ts-expect-error "stack: expects each tensor to be equal size, but got [5, 200] and [200, 1]"
torch.stack([a, b]);

// ---- copies and conversions
is<Tensor<[5, 200]>>()(a.clone());
is<Tensor<[5, 200], "float64">>()(a.double());
is<Tensor<[5, 200], "int64">>()(a.to("int64"));
is<Tensor<[5, 200]>>()(a.zerosLike());
is<Tensor<[5, 200], "bool">>()(torch.onesLike(a, { dtype: "bool" }));

// ---- assignability
export const known: Tensor = a;
export const any: AnyTensor = a;
export const back: Tensor<[5, 200]> = anything;
export const chain: AnyTensor = anything
  .add(anything)
  .matmul(anything)
  .sum(0)
  .reshape([1, 2])
  .expand(anything.shape);
// @ts-expect-error an unknown shape may be another one: x.as(5, 200) checks it
export const wrong: Tensor<[5, 200]> = plain;
// @ts-expect-error another dtype
export const other: Tensor<[5, 200]> = d;

// ---- code generic in an extent
export const layer = <N extends number>(
  x: Tensor<[N, 784]>,
  w: Tensor<[784, 10]>,
  c: Tensor<[10]>,
): Tensor<[N, 10]> => x.matmul(w).add(c).relu();
is<Tensor<[32, 10]>>()(layer(null! as Tensor<[32, 784]>, anything, anything));
is<Tensor<[number, 10]>>()(layer(null! as Tensor<[number, 784]>, anything, anything));
// @ts-expect-error another extent
layer(a, anything, anything);

export const mlp = <N extends number>(
  x: Tensor<[N, 1, 28, 28]>,
  w: Tensor<[256, 784]>,
  c: Tensor<[256]>,
): Tensor<[N, 1]> => {
  const h: Tensor<[N, 256]> = torch.linear(x.flatten(1), w, c).tanh();
  const same: Tensor<[N, 256]> = h
    .mul(h)
    .add(h)
    .sub(h.mean(1, { keepdim: true }));
  const flat: Tensor<[N, 784]> = x.reshape(-1, 784);
  const image: Tensor<[N, 1, 28, 28]> = flat.reshape(-1, 1, 28, 28);
  const moved: Tensor<[28, 28, N]> = image.squeeze(1).permute(1, 2, 0);
  const turned: Tensor<[N, 28, 28]> = moved.transpose(0, 2);
  // @ts-expect-error "matmul: inner sizes differ: ..."
  h.matmul(w.t());
  // @ts-expect-error "sum: Dimension out of range ..."
  turned.sum(3);
  return same.softmax(1).sum(-1, { keepdim: true });
};
is<Tensor<[64, 1]>>()(mlp(null! as Tensor<[64, 1, 28, 28]>, anything, anything));

// Beside a literal, a type parameter gets the benefit of the doubt.
export const unsure = <N extends number>(x: Tensor<[N, 784]>, y: Tensor<[32, 784]>): AnyTensor =>
  x.add(y).matmul(y.t());

export class Affine<In extends number, Out extends number> {
  declare weight: Tensor<[Out, In]>;
  declare bias: Tensor<[Out]>;
  forward<N extends number>(x: Tensor<[N, In]>): Tensor<[N, Out]> {
    return x.matmul(this.weight.t()).add(this.bias);
  }
}
is<Tensor<[32, 10]>>()(new Affine<784, 10>().forward(null! as Tensor<[32, 784]>));
