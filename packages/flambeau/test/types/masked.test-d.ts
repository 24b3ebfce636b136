// Reductions that leave masked elements out: static shapes and mistakes.

import * as masked from "../../src/ops/masked/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const a: Tensor<[5, 200]>;
declare const i: Tensor<[5, 200], "int32">;
declare const mask: Tensor<[200], "bool">;
declare const plain: Tensor;

is<Tensor<[]>>()(masked.sum(a));
is<Tensor<[5]>>()(masked.sum(a, 1, { mask }));
is<Tensor<[5, 1], "int32">>()(masked.amax(i, -1, { mask, keepdim: true }));
is<Tensor<[200]>>()(masked.mean(i, 0, { mask }));
is<Tensor<[5]>>()(masked.std(a, 1, { mask, unbiased: true }));
is<Tensor<[5]>>()(masked.argmax(a, 1));
is<Tensor<[200]>>()(masked.norm(a, 2, 0, { mask }));
is<Tensor<[5, 200]>>()(masked.softmax(a, -1, { mask }));
is<Tensor<[5, 200]>>()(masked.logaddexp(a, a, { inputMask: mask }));
is<Tensor>()(masked.prod(plain, 0));
// @ts-expect-error "masked.sum: Dimension out of range ..."
masked.sum(a, 2, { mask });
// @ts-expect-error "masked.softmax: Dimension out of range ..."
masked.softmax(a, 2);
// @ts-expect-error there is no such option
masked.sum(a, 0, { masks: mask });
