// Every op that has a form in ONNX, run in onnxruntime: exported by an example of one size, compared on others.

import { describe, expect, it } from "vitest";
import type { AnyTensor } from "../../../src/index.ts";
import * as torch from "../../../src/index.ts";
import { lowerings } from "../../../src/io/onnx/lower/index.ts";
import { putBack } from "../../../src/io/onnx/trace.ts";
import type { Model } from "./runtime.ts";
import { compare, tensorsIn } from "./runtime.ts";

const F = torch.nn.functional;
type Make = (n: number) => readonly unknown[];
/** A function, its inputs (by default one of [n, 3, 4]), and the opset that it needs. */
interface Case {
  readonly f: Model;
  readonly make: Make;
  readonly opset: number;
}

const x: Make = (n) => [torch.randn(n, 3, 4)];
const positive: Make = (n) => [torch.rand(n, 3, 4).add(0.1)];
const pair: Make = (n) => [torch.randn(n, 3, 4), torch.randn(3, 4)];
const alike: Make = (n) => [torch.randn(n, 3, 4), torch.randn(n, 3, 4)];
const integers = (n: number, high = 7, dtype: "int32" | "int64" | "uint8" = "int32"): AnyTensor =>
  torch.randint(0, high, [n, 3, 4], { dtype });
const ints: Make = (n) => [integers(n).sub(3), integers(n).add(1)];
const bytes: Make = (n) => [integers(n, 200, "uint8"), integers(n, 100, "uint8").add(1)];
const bools: Make = (n) => [torch.randn(n, 3, 4).gt(0), torch.randn(3, 4).gt(0)];
const image: Make = (n) => [torch.randn(n, 2, 8, 9)];
const signal: Make = (n) => [torch.randn(n, 2, 11)];
const volume: Make = (n) => [torch.randn(n, 2, 5, 6, 4)];

const of = (f: Model, make: Make = x, opset = 17): Case => ({ f, make, opset });
const unary = (name: string, ...makes: Make[]): Case[] =>
  (makes.length > 0 ? makes : [x]).map((make) => of((a) => a[name](), make));
const binary = (name: string, ...makes: Make[]): Case[] =>
  makes.map((make) => of((a, b) => a[name](b), make));

const elementwise: Record<string, Case[]> = {
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

const activations: Record<string, Case[]> = {
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

const reductions: Record<string, Case[]> = {
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

/** Numbers without a generator, which an exported function may not draw from. */
const weights = (...shape: number[]): AnyTensor =>
  torch.fromTypedArray(
    Float32Array.from({ length: shape.reduce((p, n) => p * n, 1) }, (_, i) => Math.sin(1.7 * i + 0.3) / 2),
    shape,
  );
const variances = (n: number): AnyTensor => weights(n).abs().add(0.1);
const linears: Record<string, Case[]> = {
  matmul: [
    of((a) => a.matmul(weights(4, 5))),
    of((a) => a.matmul(a.transpose(1, 2))),
    of((a) => a.matmul(weights(4))),
    of((a) => weights(3).matmul(a)),
    of((a) => torch.bmm(a, a.mT)),
    of((a) => a.select(1, 0).mm(weights(4, 2))),
    of(
      (a) => a.matmul(torch.ones(4, 2, { dtype: "int32" })),
      (n) => [integers(n)],
    ),
    of((a) => torch.addmm(weights(2), a.select(1, 0), weights(4, 2), { beta: 0.5, alpha: 2 })),
  ],
  linear: [
    of((a) => F.linear(a, weights(5, 4), weights(5))),
    of((a) => F.linear(a.select(1, 0), weights(5, 4), weights(5))),
    of((a) => F.linear(a.select(1, 0), weights(5, 4))),
    of((a) => F.linear(a, weights(4))),
  ],
  "einsum()": [
    of((a, b) => torch.einsum("bij,ij->bi", a, b), pair),
    of((a) => torch.einsum("...ij,...kj->...ik", a, a)),
  ],
  "nn.functional.conv1d()": [
    of((a) => F.conv1d(a, weights(4, 2, 3), weights(4), { padding: 1, stride: 2 }), signal),
    of((a) => F.conv1d(a, weights(4, 2, 4), null, { padding: "same", dilation: 2 }), signal),
    of((a) => F.conv1d(a.select(0, 0), weights(4, 2, 3)), signal),
  ],
  "nn.functional.conv2d()": [
    of((a) => F.conv2d(a, weights(4, 2, 3, 2), weights(4), { padding: [1, 0], stride: [2, 1] }), image),
    of((a) => F.conv2d(a, weights(4, 1, 3, 3), null, { groups: 2, padding: "valid", dilation: 2 }), image),
  ],
  "nn.functional.conv3d()": [
    of((a) => F.conv3d(a, weights(3, 2, 2, 3, 2), weights(3), { padding: 1 }), volume),
  ],
  "nn.functional.convTranspose1d()": [
    of(
      (a) => F.convTranspose1d(a, weights(2, 3, 3), weights(3), { stride: 2, padding: 1, outputPadding: 1 }),
      signal,
    ),
  ],
  "nn.functional.convTranspose2d()": [
    of(
      (a) => F.convTranspose2d(a, weights(2, 2, 3, 2), null, { stride: [2, 1], groups: 2, dilation: [1, 2] }),
      image,
    ),
  ],
  "nn.functional.convTranspose3d()": [
    of((a) => F.convTranspose3d(a, weights(2, 2, 2, 2, 2), weights(2), { stride: 2 }), volume),
  ],
  "nativeBatchNorm()": [
    of((a) => F.batchNorm(a, weights(2), variances(2), { weight: weights(2), bias: weights(2) }), image),
    of(
      (a) => F.batchNorm(a, weights(3), variances(3)),
      (n) => [torch.randn(n, 3)],
    ),
    of(
      (a) => F.instanceNorm(a, { runningMean: weights(2), runningVar: variances(2), useInputStats: false }),
      image,
    ),
  ],
  "nativeLayerNorm()": [
    of((a) => F.layerNorm(a, [4], { weight: weights(4), bias: weights(4) })),
    of((a) => F.layerNorm(a, [3, 4], { eps: 1e-3 })),
    of((a) => F.rmsNorm(a, [4], { weight: weights(4) })),
  ],
  layerNorm: [
    of(
      (a) => F.groupNorm(a, 2, { weight: weights(4), bias: weights(4) }),
      (n) => [torch.randn(n, 4, 5, 3)],
    ),
    of(
      (a) => F.groupNorm(a, 1),
      (n) => [torch.randn(n, 4)],
    ),
  ],
  standardize: [of((a) => F.instanceNorm(a, { weight: weights(2), bias: weights(2) }), image)],
  "nn.functional.interpolate()": [
    of((a) => F.interpolate(a, { scaleFactor: 2 }), image),
    of((a) => F.interpolate(a, { size: [5, 13], mode: "nearest-exact" }), image),
    of((a) => F.interpolate(a, { scaleFactor: 1.7, mode: "bilinear" }), image),
    of((a) => F.interpolate(a, { size: [16, 4], mode: "bilinear", alignCorners: true }), image),
    of((a) => F.interpolate(a, { size: [16, 12], mode: "bicubic" }), image),
    of((a) => F.interpolate(a, { size: 20, mode: "linear" }), signal),
    of((a) => F.interpolate(a, { size: [7, 5, 8], mode: "trilinear" }), volume),
    of((a) => F.interpolate(a, { size: [4, 3], mode: "area" }), image),
    of((a) => F.interpolate(a, { size: [4, 5], mode: "bilinear", antialias: true }), image, 18),
  ],
  "nn.functional.gridSample()": [
    of(
      (a) =>
        F.gridSample(a, weights(1, 4, 5, 2).mul(2.4).expand(a.shape[0], 4, 5, 2), { alignCorners: false }),
      image,
    ),
    of(
      (a) =>
        F.gridSample(a, a.select(1, 0).unsqueeze(-1).expand(-1, -1, -1, 2), {
          mode: "nearest",
          paddingMode: "border",
        }),
      image,
    ),
    of(
      (a) => F.gridSample(a, a.select(1, 0).unsqueeze(-1).expand(-1, -1, -1, 2), { alignCorners: true }),
      image,
      20,
    ),
  ],
};

const pools: Record<string, Case[]> = {
  "nn.functional.maxPool1d()": [
    of((a) => F.maxPool1d(a, 3, { stride: 2, padding: 1 }), signal),
    of((a) => F.maxPool1d(a, 2, { ceilMode: true }), signal),
  ],
  "nn.functional.maxPool2d()": [
    of((a) => F.maxPool2d(a, 2), image),
    of((a) => F.maxPool2d(a, 3, { stride: 2, ceilMode: true, padding: 1 }), image),
    of((a) => F.maxPool2d(a, [2, 3], { dilation: [2, 1], stride: 1 }), image),
    of((a) => F.maxPool2d(a.select(0, 0), 2), image),
  ],
  "nn.functional.maxPool3d()": [of((a) => F.maxPool3d(a, 2), volume)],
  "nn.functional.maxPool1dWithIndices()": [of((a) => F.maxPool1dWithIndices(a, 3), signal)],
  "nn.functional.maxPool2dWithIndices()": [
    of((a) => F.maxPool2d(a, 2, { returnIndices: true }), image),
    of((a) => F.maxPool2dWithIndices(a, 3, { padding: 1, stride: 2 }), image),
    of((a) => F.maxPool2dWithIndices(a.select(0, 0), 2), image),
  ],
  "nn.functional.maxPool3dWithIndices()": [of((a) => F.maxPool3dWithIndices(a, 2), volume)],
  "nn.functional.avgPool1d()": [of((a) => F.avgPool1d(a, 3, { stride: 2, padding: 1 }), signal)],
  "nn.functional.avgPool2d()": [
    of((a) => F.avgPool2d(a, 2), image),
    of((a) => F.avgPool2d(a, 3, { stride: 2, padding: 1, countIncludePad: false, ceilMode: true }), image),
    of((a) => F.avgPool2d(a, 3, { stride: 2, padding: 1, divisorOverride: 2 }), image),
  ],
  "nn.functional.avgPool3d()": [of((a) => F.avgPool3d(a, 2, { padding: 1 }), volume)],
  ...Object.fromEntries(
    [signal, image, volume].flatMap((make, i) => {
      const sizes = [[3], [3, 5], [2, 4, 3]][i]!;
      const even = [[11], [4, 3], [5, 3, 2]][i]!;
      return ["Avg", "Max"].map((kind) => {
        const name = `adaptive${kind}Pool${i + 1}d` as "adaptiveAvgPool2d";
        const pool = F[name] as unknown as Model;
        return [
          `nn.functional.${name}()`,
          [of((a) => pool(a, 1), make), of((a) => pool(a, sizes), make), of((a) => pool(a, even), make)],
        ];
      });
    }),
  ),
};

const movements: Record<string, Case[]> = {
  view: [of((a) => a.view(-1, 12)), of((a) => a.view(a.shape[0], 2, 6))],
  reshape: [
    of((a) => a.reshape(-1)),
    of((a) => a.transpose(0, 1).reshape(3, -1)),
    of((a) => a.reshape(a.shape[0] * 3, 4).reshape(a.shape[0], 3, 2, 2)),
    of((a) => a.flatten(1).unflatten(1, [6, 2])),
    of((a) =>
      a
        .transpose(0, 1)
        .reshape([3 * a.shape[0], 4])
        .reshape([3, a.shape[0], 4]),
    ),
  ],
  permute: [of((a) => a.permute(2, 0, 1)), of((a) => a.permute([1, 2, 0])), of((a) => a.movedim(0, -1))],
  transpose: [of((a) => a.transpose(0, -1)), of((a) => a.mT)],
  unsqueeze: [of((a) => a.unsqueeze(1)), of((a) => a.unsqueeze(-1)), of((a) => torch.stack([a, a.neg()], 1))],
  squeeze: [
    of((a) => a.narrow(1, 0, 1).squeeze(1)),
    of((a) => a.narrow(1, 0, 1).squeeze([1, 2])),
    of((a) => a.unsqueeze(-1).squeeze(-1)),
  ],
  expand: [
    of((a) => a.unsqueeze(1).expand(-1, 2, -1, -1)),
    of((a) => a.select(0, 0).expand(a.shape[0], 3, 4)),
    of((a) => a.sum().expand(2, a.shape[0])),
  ],
  narrow: [
    of((a) => a.narrow(1, 1, 2)),
    of(
      (a) => a.narrow(0, 0, a.shape[0] - 1),
      (n) => [torch.randn(n + 1, 4)],
    ),
    of((a) => a.chunk(2, -1)),
  ],
  sliceDim: [
    of((a) => a.at(":, 1:, ::2")),
    of((a) => a.at("..., :-1")),
    of((a) => a.at("-1:, 0:2")),
    of(
      (a) => a.at(`${"1:"}`),
      (n) => [torch.randn(n + 1, 4)],
    ),
    of((a) => a.sliceDim(0, 0, a.shape[0] * 2)),
    of((a) => a.at(":3")),
    of((a) => a.at("-2:4")),
  ],
  select: [
    of((a) => a.select(1, 1)),
    of((a) => a.at(-1)),
    of((a) => a.select(0, a.shape[0] - 1)),
    of((a) => a.unbind(1)),
  ],
  "split()": [
    of((a) => a.split(2, 1)),
    of((a) => a.split([1, 3], -1)),
    of((a) => a.tensorSplit(3, 2)),
    of(
      (a) => a.split([1, a.shape[0] - 1], 0),
      (n) => [torch.randn(n + 1, 2)],
    ),
  ],
  cat: [
    of((a, b) => torch.cat([a, b.unsqueeze(0), a], 0), pair),
    of((a) => torch.cat([a, a.to("float64")], 1)),
    of((a) => torch.cat([a, torch.zeros(a.shape[0], 1, 4)], 1)),
    of((a) => torch.hstack([a, a])),
  ],
  repeat: [
    of((a) => a.repeat(2, 1, 1, 3)),
    of((a) => a.tile(2)),
    of((a) => a.select(0, 0).repeat(a.shape[0], 1, 1)),
  ],
  repeatInterleave: [of((a) => a.repeatInterleave(3, 1)), of((a) => a.repeatInterleave(2))],
  constantPadNd: [
    of((a) => torch.constantPadNd(a, [1, 2, 0, 1], 3)),
    of((a) => torch.constantPadNd(a, [-1, 1])),
  ],
  "nn.functional.pad()": [
    of((a) => F.pad(a, [1, 2])),
    of((a) => F.pad(a, [1, 2, 3, 1], "reflect"), image),
    of((a) => F.pad(a, [1, 2, 3, 1], "replicate"), image),
    of((a) => F.pad(a, [1, 2, 3, 0], "circular"), image),
    of(
      (a) => F.pad(a, [1, 0], "constant", 7),
      (n) => [integers(n)],
    ),
  ],
  flip: [of((a) => a.flip(0)), of((a) => a.flip([1, 2]))],
  roll: [of((a) => a.roll(1, 0)), of((a) => a.roll([1, -2], [1, 2]))],
  tril: [
    of((a) => a.tril()),
    of(
      (a) => a.tril(1),
      (n) => [integers(n)],
    ),
  ],
  triu: [of((a) => a.triu(-1)), of((a) => torch.ones(a.shape[0], a.shape[0]).triu(1))],
  "nn.functional.unfold()": [of((a) => F.unfold(a, [2, 3], { padding: 1, stride: 2 }), image)],
};

const index = (values: unknown): AnyTensor => torch.tensor(values as number[][]);
const indexing: Record<string, Case[]> = {
  gather: [
    of(
      (a, i) => a.gather(1, i),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 2])],
    ),
    of((a) => a.takeAlongDim(a.argsort(-1), -1)),
  ],
  indexSelect: [
    of((a) => a.indexSelect(1, index([2, 0, 0]))),
    of(
      (a, i) => a.indexSelect(0, i),
      (n) => [torch.randn(n, 4), torch.randint(0, n, [3])],
    ),
  ],
  take: [
    of((a) =>
      a.take(
        index([
          [0, 5],
          [-1, 2],
        ]),
      ),
    ),
  ],
  indexTensors: [
    of(
      (i) => F.embedding(i, weights(9, 3)),
      (n) => [torch.randint(0, 9, [n, 2])],
    ),
    of((a) => a.at([":", index([1, 0])])),
    of(
      (a) => a.at([index([0, 1]), index([2, -1])]),
      (n) => [torch.randn(n + 1, 3, 4)],
    ),
    of((a) => a.at([":", index([0, 1]), index([2, -1])])),
    of((a) => a.at([index([[0], [-1]]), ":", index([2, 3, 0])])),
    of(
      (a, i) => a.at([":", i]),
      (n) => [torch.randn(n, 5), torch.tensor(3)],
    ),
    of(
      (a) => F.embeddingBag(a, weights(9, 3), null, { mode: "max" }),
      (n) => [torch.randint(0, 9, [n, 2])],
    ),
  ],
  indexPut: [
    of((a) => a.indexPut([null, index([2, 0])], torch.tensor(5, { dtype: "float32" }))),
    of((a) => a.indexPut([null, index([1, 1])], torch.ones(2, 4), true)),
    of((a) => a.indexPut([null, index([1, 0]), index([3, 3])], weights(2))),
    of((a) => a.clone().set([":", index([0, 2])], 1)),
  ],
  scatter: [
    of(
      (a, i) => a.scatter(1, i, 9),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 1])],
    ),
    of(
      (a, i) => a.scatter(1, i, weights(8, 4)),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 1])],
    ),
    of(
      (a, i) => a.scatter(1, i, 2, { reduce: "multiply" }),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 1])],
    ),
    of(
      (i) => F.oneHot(i, 5),
      (n) => [torch.randint(0, 5, [n, 2])],
    ),
  ],
  scatterReduce: [
    of(
      (a, i) => a.scatterReduce(1, i, a, "sum"),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 3])],
    ),
    of(
      (a, i) => a.scatterReduce(1, i, a, "amax"),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 3])],
      18,
    ),
  ],
  put: [of((a) => a.put(index([0, -1]), weights(2))), of((a) => a.put(index([[1, 1]]), weights(1, 2), true))],
  scatterAdd: [
    of(
      (a) => torch.zeros(a.shape[0], 6).scatterAdd(1, torch.ones(a.shape[0], 4, { dtype: "int32" }), a),
      (n) => [torch.randn(n, 4)],
    ),
  ],
  indexAdd: [of((a) => a.indexAdd(1, index([0, 0, 2]), a, { alpha: 2 }))],
  indexCopy: [of((a) => a.indexCopy(1, index([2, 0]), a.narrow(1, 1, 2)))],
  indexFill: [of((a) => a.indexFill(2, index([1, 3]), 7))],
  maskedFill: [
    of((a) => a.maskedFill(a.gt(0), -1)),
    of((a, b) => a.maskedFill(b, true), bools),
    of((a) => a.clone().maskedFill_(a.lt(0), 2).mul(2)),
  ],
  copy_: [
    of((a) => a.clone().copy_(torch.ones(4)).add(a)),
    of((a) => torch.zeros(a.shape[0], 3, 4).copy_(a)),
  ],
  fill_: [of((a) => a.clone().fill_(3).add(a)), of((a) => a.zerosLike().fill_(a.sum()))],
  zero_: [of((a) => a.clone().zero_().sub(a))],
  [putBack]: [
    of((a) => {
      const y = torch.zeros(a.shape[0], 5, 4);
      y.narrow(1, 1, 3).copy_(a);
      y.select(2, 0).add_(1);
      y.transpose(1, 2).select(1, 1).mul_(2);
      return [y, y.sum(1)];
    }),
    of((a) => {
      const y = a.clone();
      const row = y.at(0);
      y.set(":, 1, ::2", 5);
      y.view(a.shape[0], 12).narrow(1, 4, 2).fill_(-1);
      y.unsqueeze(1).squeeze(1).add_(y.detach());
      return [y.mul(1), row.mul(1)];
    }),
    of((a) => {
      const y = a.mul(1);
      y.mul_(2).add_(1).relu_();
      y.set("-1", torch.ones(3, 4));
      return y;
    }),
  ],
};

const recurrents: Record<string, Case[]> = {
  "nn.functional.recurrent()": [of(new torch.nn.GRU(4, 5))],
};

const functions: Record<string, Case[]> = {
  smoothL1Loss: [of((a, b) => F.smoothL1Loss(a, b, { beta: 0.7 }), alike)],
  huberLoss: [of((a, b) => F.huberLoss(a, b, { delta: 0.7, reduction: "sum" }), alike)],
  nanToNum: [
    of(
      (a) => a.nanToNum(),
      (n) => [torch.full([n, 2], Number.NaN)],
    ),
    of(
      (a) => a.nanToNum(1, 2, 3),
      (n) => [torch.full([n, 2], Number.NEGATIVE_INFINITY)],
    ),
  ],
  logit: [of((a) => a.sigmoid().logit()), of((a) => a.logit(0.1), positive)],
  sinc: [of((a) => a.sinc()), of((a) => a.mul(0).sinc())],
  deg2rad: [of((a) => a.deg2rad())],
  rad2deg: [of((a) => a.rad2deg())],
  logaddexp2: [of((a, b) => torch.logaddexp2(a, b), pair)],
  heaviside: [of((a, b) => torch.heaviside(a.round(), b), pair)],
  cdist: [
    of((a, b) => torch.cdist(a, b), pair),
    of((a) => torch.cdist(a, a, 1)),
    of((a) => torch.cdist(weights(30, 4), a)),
  ],
  cosineSimilarity: [of((a, b) => torch.cosineSimilarity(a, b, 1), pair)],
  pdist: [of((a) => torch.pdist(a.select(0, 0)))],
  diagonal: [
    of((a) => a.diagonal(0, 1, 2)),
    of((a) => a.diagonal(-1, 2, 1)),
    of((a) => a.diagonal(2, 1, 2)),
    of((a) => a.select(0, 0).trace()),
  ],
  diagEmbed: [of((a) => a.diagEmbed()), of((a) => a.diagEmbed(1)), of((a) => a.diagEmbed(-2, 0, 2))],
  unfold: [of((a) => a.unfold(2, 2, 1)), of((a) => a.unfold(1, 2, 2))],
  median: [
    of((a) => a.median(1)),
    of((a) => a.median(-1, { keepdim: true })),
    of((a) => a.select(0, 0).median()),
  ],
  kthvalue: [of((a) => a.kthvalue(2, 1)), of((a) => a.kthvalue(3))],
  isin: [
    of(
      (a) => torch.isin(a, torch.tensor([1, 3])),
      (n) => [integers(n)],
    ),
    of(
      (a) => torch.isin(a, 2, { invert: true }),
      (n) => [integers(n)],
    ),
  ],
  cumprod: [of((a) => a.cumprod(1)), of((a) => a.cumprod(-1))],
  maxUnpool: [
    of((a) => {
      const [y, places] = F.maxPool2dWithIndices(a, 2);
      return F.maxUnpool2d(y, places, 2, { outputSize: [8, 9] });
    }, image),
  ],
  col2Im: [
    of(
      (a) => F.fold(a, [5, 5], 2, { stride: 3, padding: 1 }),
      (n) => [torch.randn(n, 8, 4)],
      18,
    ),
  ],
  "linalg.det": [
    of(
      (a) => torch.linalg.det(a),
      (n) => [torch.randn(n, 3, 3)],
    ),
  ],
};

/** Functions over ops that look at elements here, and are written down by other ops. */
const composed: Record<string, Case[]> = {
  crossEntropy: [
    of(
      (a, t) => F.crossEntropy(a, t, { labelSmoothing: 0.1 }),
      (n) => [torch.randn(n, 5), torch.randint(0, 5, [n])],
    ),
    of(
      (a, t) => F.crossEntropy(a, t, { weight: variances(5) }),
      (n) => [torch.randn(n, 5), torch.randint(0, 5, [n])],
    ),
  ],
  nllLoss: [
    of(
      (a, t) => F.nllLoss(a, t, { ignoreIndex: 1 }),
      (n) => [torch.randn(n, 5), torch.randint(0, 5, [n])],
    ),
  ],
  scaledDotProductAttention: [
    of((a) => F.scaledDotProductAttention(a, a, a)),
    of(
      (a) => F.scaledDotProductAttention(a, a, a, { isCausal: true }),
      (n) => [torch.randn(2, 3, n, 4).transpose(0, 2)],
    ),
    of(
      (a, m) => F.scaledDotProductAttention(a, a, a, { attnMask: m }),
      (n) => [torch.randn(n, 3, 4), torch.randn(n, 3, 3).gt(0)],
    ),
  ],
  sizes: [
    of((a) => a.add(torch.arange(a.shape[0]).reshape([-1, 1, 1]))),
    of((a) => a.select(2, 0).add(torch.arange(1, 2 * a.shape[0], 2).unsqueeze(1))),
    of((a) => a.select(1, 0).matmul(torch.eye(4)).add(torch.eye(a.shape[0], 4))),
    of((a) =>
      a
        .sum(0)
        .div(a.shape[0])
        .mul(1 / a.shape[0]),
    ),
    of((a) => torch.full([a.shape[0], a.shape[0]], 2.5).triu(1)),
    of((a) => torch.ones(a.shape[0] * 2 + 1, a.shape[0] * a.shape[0]).mul(a.sum())),
  ],
};

const table: Record<string, Case[]> = {
  ...elementwise,
  ...activations,
  ...reductions,
  ...linears,
  ...pools,
  ...movements,
  ...indexing,
  ...recurrents,
  ...functions,
};

describe("ops in onnxruntime", () => {
  it("every op with a form in ONNX has a case", () => {
    expect([...lowerings.keys()].filter((op) => !table[op])).toEqual([]);
    expect(Object.keys(table).filter((op) => !lowerings.has(op))).toEqual([]);
  });

  for (const [op, cases] of Object.entries({ ...table, ...composed }))
    it(op, async () => {
      for (const { f, make, opset } of cases) {
        torch.manualSeed(0);
        // What differs between examples of two sizes is dynamic.
        const [two, three] = [make(2), make(3)].map(tensorsIn) as [AnyTensor[], AnyTensor[]];
        const dynamicShapes = two.map((t, i) => (t.shape[0] === three[i]!.shape[0] ? null : { 0: "batch" }));
        await compare(f, make, { dynamicShapes, opsetVersion: opset });
      }
    });
});
