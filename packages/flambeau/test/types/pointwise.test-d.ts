// Element by element: tensors only, two results, functions of `torch.special`.

import * as torch from "../../src/ops/index.ts";
import * as special from "../../src/ops/special/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const a: Tensor<[5, 200]>;
declare const b: Tensor<[200, 1]>;
declare const v: Tensor<[200]>;
declare const bad: Tensor<[100, 1]>;
declare const i: Tensor<[5, 200], "int32">;
declare const plain: Tensor;

is<Tensor<[5, 200]>>()(a.maximum(v));
is<Tensor<[200, 200]>>()(torch.fmax(b, v));
is<Tensor<[5, 200], "int32">>()(i.gcd(i));
is<Tensor<[5, 200]>>()(i.atan2(i));
is<Tensor<[5, 200], "bool">>()(a.logicalAnd(v));
is<Tensor>()(plain.hypot(a));
// @ts-expect-error "maximum: sizes 5 and 100 do not match"
a.maximum(bad);
// @ts-expect-error Numbers are refused.
a.fmin(2);
// @ts-expect-error There is no form in place.
a.maximum_(v);
is<Tensor<[5, 200]>>()(a.hypot_(v));

is<Tensor<[5, 200]>>()(a.round({ decimals: 2 }));
is<Tensor<[5, 200]>>()(torch.round(a));
is<Tensor<[5, 200]>>()(i.lgamma());
is<Tensor<[5, 200]>>()(i.logit(1e-6));
is<Tensor<[5, 200]>>()(i.polygamma(1));
is<Tensor<[5, 200]>>()(torch.polygamma(1, a));
is<Tensor<[5, 200]>>()(a.mvlgamma(2));
is<Tensor<[5, 200], "float64">>()(i.floatPower(2));
is<Tensor<[5, 200]>>()(a.frexp().mantissa);
is<Tensor<[5, 200], "int32">>()(a.frexp()[1]);
is<Tensor<[5, 200]>>()(a.xlogy(v));
is<Tensor<[5, 200]>>()(torch.xlogy(2, a));
is<Tensor<[5, 200]>>()(a.subtract(v, { alpha: 2 }));
is<boolean>()(a.isNonzero());

is<Tensor<[5, 200]>>()(special.ndtr(i));
is<Tensor<[5, 200]>>()(special.zeta(a, v));
is<Tensor<[5, 200]>>()(special.zeta(2.5, a));
is<Tensor<[200, 200]>>()(special.chebyshevPolynomialT(b, v));
is<Tensor<[5, 200]>>()(special.expit(i));
// @ts-expect-error "zeta: …"
special.zeta(a, bad);
