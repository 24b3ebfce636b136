// Convolution, pooling and borders: static spatial extents, mistakes, unknown extents and ranks.

import * as F from "../../src/ops/functional/spatial.ts";
import type { AnyTensor, Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const x: Tensor<[8, 3, 32, 32]>;
declare const w: Tensor<[16, 3, 5, 3]>;
declare const plain: Tensor;
declare const anything: AnyTensor;
declare const rows: Tensor<[number, 3, 32, 32]>;
declare const some: Tensor<[8, 3, number, 32]>;
declare const d: Tensor<[8, 3, 32, 32], "float64">;
declare const n: number;
declare const list: readonly number[];

// ---- convolution
is<Tensor<[8, 16, 28, 30]>>()(F.conv2d(x, w));
is<Tensor<[8, 16, 32, 32]>>()(F.conv2d(x, w, null, { padding: [2, 1] }));
is<Tensor<[8, 16, 32, 32]>>()(F.conv2d(x, w, null, { padding: "same" }));
is<Tensor<[8, 16, 28, 30]>>()(F.conv2d(x, w, null, { padding: "valid" }));
is<Tensor<[8, 16, 14, 10]>>()(F.conv2d(x, w, null, { stride: [2, 3] }));
is<Tensor<[8, 16, 24, 28]>>()(F.conv2d(x, w, null, { dilation: 2 }));
is<Tensor<[number, 16, 28, 30]>>()(F.conv2d(rows, w));
is<Tensor<[8, 16, number, 30]>>()(F.conv2d(some, w));
is<Tensor<[8, 16, number, number]>>()(F.conv2d(x, w, null, { stride: n }));
is<Tensor<[8, 16, number, number]>>()(F.conv2d(x, w, null, { stride: list }));
is<Tensor<[8, 16, 28, 30], "float64">>()(F.conv2d(d, null! as Tensor<[16, 3, 5, 3], "float64">));
is<Tensor<[16, 28, 30]>>()(F.conv2d(null! as Tensor<[3, 32, 32]>, w));
is<Tensor<[8, 6, 32, 32]>>()(F.conv2d(x, null! as Tensor<[6, 1, 1, 1]>, null, { groups: 3 }));
is<Tensor>()(F.conv2d(plain, w));
is<Tensor>()(F.conv2d(x, plain));
F.conv2d(anything, anything, anything, { stride: 2 }) satisfies AnyTensor;
is<Tensor<[2, 4, 6]>>()(F.conv1d(null! as Tensor<[2, 3, 8]>, null! as Tensor<[4, 3, 3]>));
is<Tensor<[2, 4, 3, 4, 5]>>()(F.conv3d(null! as Tensor<[2, 3, 4, 5, 6]>, null! as Tensor<[4, 3, 2, 2, 2]>));
// @ts-expect-error "conv2d: an input [8, 3, 32, 32] has 3 channels, but a weight [16, 4, 3, 3] takes 4"
F.conv2d(x, null! as Tensor<[16, 4, 3, 3]>);
// @ts-expect-error "conv2d: kernel [5, 3] is larger than its padded input [1, 3, 2, 8]"
F.conv2d(null! as Tensor<[1, 3, 2, 8]>, w, null, { padding: 1 });
// @ts-expect-error "conv2d: expected an input of 3 or 4 dimensions, but got [3, 8]"
F.conv2d(null! as Tensor<[3, 8]>, w);
// @ts-expect-error "conv1d: expected a weight of 3 dimensions, but got [16, 3, 5, 3]"
F.conv1d(null! as Tensor<[1, 3, 8]>, w);
// A mistake is one error: the result is of unknown shape.
// @ts-expect-error "conv2d: an input ..."
is<Tensor>()(F.conv2d(x, null! as Tensor<[16, 4, 3, 3]>));

is<Tensor<[8, 5, 65, 65]>>()(F.convTranspose2d(x, null! as Tensor<[3, 5, 3, 3]>, null, { stride: 2 }));
is<Tensor<[8, 5, 64, 64]>>()(
  F.convTranspose2d(x, null! as Tensor<[3, 5, 3, 3]>, null, { stride: 2, padding: 1, outputPadding: 1 }),
);
// @ts-expect-error "convTranspose2d: an input [8, 3, 32, 32] has 3 channels, but a weight [16, 3, 5, 3] takes 16"
F.convTranspose2d(x, w);

// ---- pooling
is<Tensor<[8, 3, 16, 16]>>()(F.maxPool2d(x, 2));
is<Tensor<[8, 3, 10, 16]>>()(F.maxPool2d(x, [3, 2]));
is<Tensor<[8, 3, 16, 16]>>()(F.maxPool2d(x, 3, { stride: 2, padding: 1 }));
is<Tensor<[8, 3, number, number]>>()(F.maxPool2d(x, 3, { ceilMode: true }));
is<Tensor<[8, 3, 10, 10]>>()(F.avgPool2d(x, 3, { ceilMode: false }));
is<[Tensor<[8, 3, 16, 16]>, Tensor<[8, 3, 16, 16], "int32">]>()(F.maxPool2d(x, 2, { returnIndices: true }));
is<[Tensor<[8, 3, 16, 16]>, Tensor<[8, 3, 16, 16], "int32">]>()(F.maxPool2dWithIndices(x, 2));
is<Tensor<[3, 4]>>()(F.avgPool1d(null! as Tensor<[3, 8]>, 2));
is<Tensor<[8, 3, number, number]>>()(F.maxPool2d(x, n));
is<Tensor>()(F.maxPool2d(plain, 2));
is<Tensor<[8, 3, 1, 1]>>()(F.adaptiveAvgPool2d(x, 1));
is<Tensor<[8, 3, 7, 32]>>()(F.adaptiveAvgPool2d(x, [7, null]));
is<[Tensor<[8, 3, 7, 5]>, Tensor<[8, 3, 7, 5], "int32">]>()(
  F.adaptiveMaxPool2d(x, [7, 5], { returnIndices: true }),
);
// @ts-expect-error "maxPool2d: kernel 64 is larger than its padded input [8, 3, 32, 32]"
F.maxPool2d(x, 64);
// @ts-expect-error "maxPool1d: expected an input of 2 or 3 dimensions, but got [8, 3, 32, 32]"
F.maxPool1d(x, 2);

// ---- borders and resizing
is<Tensor<[8, 3, 32, 35]>>()(F.pad(x, [1, 2]));
is<Tensor<[8, 3, 39, 35]>>()(F.pad(x, [1, 2, 3, 4], "reflect"));
is<Tensor<[number, number, number, number]>>()(F.pad(x, list));
is<Tensor>()(F.pad(plain, [1, 2]));
is<Tensor<[8, 3, 5, 6]>>()(F.interpolate(x, { size: [5, 6] }));
is<Tensor<[8, 3, 5, 5]>>()(F.interpolate(x, { size: 5, mode: "bilinear" }));
is<Tensor<[8, 3, number, number]>>()(F.interpolate(x, { scaleFactor: 2 }));
