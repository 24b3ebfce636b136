// Products, convolutions, normalisation, resizing, pooling, recurrent layers.

import * as torch from "../../../../src/index.ts";
import type { Model } from "../runtime.ts";
import type { Case } from "./common.ts";
import { image, integers, of, pair, signal, variances, volume, weights } from "./common.ts";

const F = torch.nn.functional;

export const linears: Record<string, Case[]> = {
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

export const pools: Record<string, Case[]> = {
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

export const recurrents: Record<string, Case[]> = {
  "nn.functional.recurrent()": [of(new torch.nn.GRU(4, 5))],
};
