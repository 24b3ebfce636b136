// Elementwise ops, activations and reductions.

import * as torch from "../../../../src/index.ts";
import type { Model } from "../runtime.ts";
import type { Case } from "./common.ts";
import { binary, bools, bytes, integers, ints, of, pair, positive, unary, x } from "./common.ts";

const F = torch.nn.functional;

export const elementwise: Record<string, Case[]> = {
  ...Object.fromEntries(
    [
      "exp exp2 expm1 sin cos tan atan sinh cosh tanh asinh sigmoid relu erf erfc abs neg sign square",
      "floor ceil round trunc frac isnan isinf isfinite",
    ]
      .join(" ")
      .split(" ")
      .map((name) => [name, unary(name)]),
  ),
  ...Object.fromEntries(
    "log log1p log2 log10 sqrt rsqrt reciprocal".split(" ").map((name) => [name, unary(name, positive)]),
  ),
  ...Object.fromEntries(
    "asin acos atanh"
      .split(" ")
      .map((name) => [name, unary(name, (n) => [torch.rand(n, 3).mul(1.8).sub(0.9)])]),
  ),
  acosh: unary("acosh", (n) => [torch.rand(n, 3).add(1)]),
  std: [of((a) => a.std(1)), of((a) => a.std())],
  logicalNot: unary("logicalNot", x, ints, (n) => [torch.randn(n, 4).gt(0)]),
  bitwiseNot: [
    of(
      (a) => a.bitwiseNot(),
      (n) => [torch.randn(n, 4).gt(0)],
    ),
    of(
      (a) => a.bitwiseNot(),
      (n) => [integers(n)],
      18,
    ),
  ],
  add: [
    ...binary("add", pair, ints, bytes, bools, (n) => [torch.randn(n, 4), torch.ones(4, { dtype: "int32" })]),
    of((a, b) => a.add(b, { alpha: 0.5 }).add(1), pair),
    of((a) => (torch.add as Model)(2, a)),
    of(
      (a) => a.add(2),
      (n) => [integers(n)],
    ),
    of(
      (a) => a.add(2.5),
      (n) => [integers(n)],
    ),
  ],
  sub: [
    ...binary("sub", pair, ints, bytes),
    of((a, b) => a.sub(b, { alpha: 2 }), pair),
    of((a) => (torch.sub as Model)(1, a)),
  ],
  mul: binary("mul", pair, ints, bytes, bools),
  div: [
    ...binary("div", pair, ints),
    of((a, b) => a.div(b, { roundingMode: "floor" }), pair),
    of((a, b) => a.div(b, { roundingMode: "trunc" }), pair),
    of((a, b) => a.div(b, { roundingMode: "floor" }), ints),
    of((a, b) => a.div(b, { roundingMode: "trunc" }), ints),
  ],
  floorDivide: binary("floorDivide", pair, ints, bytes),
  fmod: binary("fmod", pair, ints),
  remainder: binary("remainder", pair, ints, bytes),
  pow: [
    of((a) => a.pow(1.5), positive),
    of((a) => a.pow(3)),
    of(
      (a, b) => a.pow(b),
      (n) => [torch.rand(n, 4).add(0.5), torch.randn(4)],
    ),
    of((a) => torch.pow(2, a)),
    of(
      (a) => a.pow(2),
      (n) => [integers(n)],
    ),
  ],
  maximum: binary("maximum", pair, ints, bools),
  minimum: binary("minimum", pair, ints, bools),
  fmax: binary("fmax", (n) => [torch.full([n, 2], Number.NaN), torch.randn(2)], pair),
  fmin: binary("fmin", (n) => [torch.full([n, 2], Number.NaN), torch.randn(2)], pair),
  clampMin: [of((a) => a.clampMin(0.2)), of((a) => a.clamp(-0.5, 0.5)), of((a, b) => a.clamp(b), pair)],
  clampMax: [
    of((a) => a.clampMax(0.2)),
    of(
      (a) => a.clampMax(2),
      (n) => [integers(n)],
    ),
  ],
  atan2: binary("atan2", pair, (n) => [torch.zeros(n, 2), torch.tensor([0, -1], { dtype: "float32" })]),
  logaddexp: binary("logaddexp", pair, (n) => [torch.full([n, 2], 200.5), torch.full([2], 199.5)]),
  hypot: binary("hypot", pair),
  xlogy: binary("xlogy", (n) => [torch.rand(n, 3).gt(0.5).to("float32"), torch.rand(3)]),
  ...Object.fromEntries(
    "eq ne lt le gt ge"
      .split(" ")
      .map((name) => [name, [...binary(name, pair, ints, bytes, bools), of((a) => a[name](0))]]),
  ),
  ...Object.fromEntries(
    "logicalAnd logicalOr logicalXor".split(" ").map((name) => [name, binary(name, bools, ints, pair)]),
  ),
  ...Object.fromEntries(
    "bitwiseAnd bitwiseOr bitwiseXor".split(" ").map((name) => [
      name,
      [
        ...binary(name, bools),
        of(
          (a, b) => a[name](b),
          (n) => [integers(n), integers(n)],
          18,
        ),
      ],
    ]),
  ),
  where: [
    of((a, b) => torch.where(a.gt(0), a, b), pair),
    of((a) => torch.where(a.gt(0), a, 0)),
    of((a, b) => torch.where(a, b, true), bools),
    of((a, b) => torch.where(a.gt(b), a, b), ints),
  ],
  lerp: [of((a, b) => a.lerp(b, 0.3), pair)],
  addcmul: [of((a, b) => a.addcmul(a, b, { value: 0.5 }), pair)],
  addcdiv: [of((a, b) => a.addcdiv(b, a.abs().add(1)), pair)],
  toCopy: [
    of((a) => a.mul(3).to("int32")),
    of((a) => a.gt(0).to("float32")),
    of((a) => a.to("int64")),
    of((a) => a.to("float64").mul(2)),
    of((a) => a.to("bool")),
    of(
      (a) => a.to("float32"),
      (n) => [integers(n, 9, "int64")],
    ),
  ],
  clone: [of((a) => a.clone())],
  contiguous: [of((a) => a.transpose(1, 2).contiguous())],
};

export const activations: Record<string, Case[]> = {
  hardtanh: [of((a) => F.hardtanh(a, -0.5, 0.7)), of((a) => F.relu6(a.mul(5)))],
  threshold: [of((a) => F.threshold(a, 0.1, -3))],
  leakyRelu: [of((a) => F.leakyRelu(a, 0.2)), of((a) => F.rrelu(a))],
  prelu: [of((a) => F.prelu(a, torch.tensor([0.1, 0.2, 0.3]))), of(new torch.nn.PReLU())],
  hardshrink: [of((a) => F.hardshrink(a))],
  softshrink: [of((a) => F.softshrink(a, 0.3))],
  hardsigmoid: [of((a) => F.hardsigmoid(a.mul(4)))],
  hardswish: [of((a) => F.hardswish(a.mul(4)))],
  elu: [of((a) => F.elu(a, 1.5)), of((a) => F.elu(a.clone(), 1, { inplace: true }))],
  celu: [of((a) => F.celu(a, 1.5))],
  selu: [of((a) => F.selu(a))],
  silu: [of((a) => F.silu(a))],
  mish: [of((a) => F.mish(a))],
  softplus: [of((a) => F.softplus(a.mul(20), 2, 10))],
  logsigmoid: [of((a) => F.logsigmoid(a))],
  "nn.functional.gelu()": [
    of((a) => F.gelu(a)),
    of((a) => F.gelu(a, { approximate: "tanh" })),
    of((a) => F.gelu(a), x, 20),
    of((a) => F.gelu(a, { approximate: "tanh" }), x, 20),
  ],
  softmax: [of((a) => a.softmax(1)), of((a) => F.softmin(a, -1)), of((a) => a.sum().softmax(0))],
  logSoftmax: [of((a) => a.logSoftmax(-1))],
};

export const reductions: Record<string, Case[]> = {
  ...Object.fromEntries(
    "sum mean amax amin"
      .split(" ")
      .map((name) => [
        name,
        [17, 18].flatMap((opset) => [
          of((a) => a[name](), x, opset),
          of((a) => a[name](-1), x, opset),
          of((a) => a[name]([0, 2], { keepdim: true }), x, opset),
        ]),
      ]),
  ),
  prod: [
    of((a) => a.prod(1)),
    of(
      (a) => a.prod(),
      (n) => [integers(n, 2)],
    ),
  ],
  any: [of((a) => a.gt(1).any(1)), of((a) => a.any())],
  all: [of((a) => a.gt(-1).all(1, { keepdim: true })), of((a) => a.all())],
  max: [of((a) => a.max()), of((a) => a.max(1)), of((a) => a.max(0, { keepdim: true }))],
  min: [of((a) => a.min()), of((a) => a.min(-1)), of((a) => a.min(2, { keepdim: true }))],
  argmax: [of((a) => a.argmax()), of((a) => a.argmax(1)), of((a) => a.argmax(-1, { keepdim: true }))],
  argmin: [of((a) => a.argmin()), of((a) => a.argmin(0)), of((a) => a.argmin(null, { keepdim: true }))],
  var: [of((a) => a.var(1)), of((a) => a.var([1, 2], { correction: 0, keepdim: true })), of((a) => a.var())],
  norm: [
    of((a) => a.norm()),
    of((a) => a.norm(1, 1)),
    of((a) => a.norm(3, 1, { keepdim: true })),
    of((a) => a.norm(Number.POSITIVE_INFINITY, -1)),
    of((a) => a.norm(Number.NEGATIVE_INFINITY, -1)),
    of((a) => a.round().norm(0, 1)),
    of((a) => F.normalize(a)),
  ],
  "logsumexp()": [of((a) => a.mul(50).logsumexp(1)), of((a) => a.logsumexp([0, 1], { keepdim: true }))],
  sort: [
    of((a) => a.sort(1)),
    of((a) => a.sort(-1, { descending: true })),
    of((a) => a.sort(0).values),
    of((a) => a.argsort(-1)),
  ],
  topk: [of((a) => a.topk(2)), of((a) => a.topk(2, 1, { largest: false }))],
  cumsum: [
    of((a) => a.cumsum(1)),
    of(
      (a) => a.cumsum(0),
      (n) => [integers(n)],
    ),
  ],
};
