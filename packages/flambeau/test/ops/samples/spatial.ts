// Inputs at which the derivatives of convolutions, pooling and resampling are checked.

import * as torch from "../../../src/index.ts";
import type { Samples, Tensor } from "./common.ts";
import { int, one } from "./common.ts";

const F = torch.nn.functional;
/** In place of random numbers. */
const samples = (shape: readonly number[]): Tensor => torch.full([...shape], 0.4, { dtype: "float64" });

export const spatial: Samples = {
  "nn.functional.conv1d": [
    one([[2, 2, 5], [3, 2, 3], [3]], (x, w, b) => F.conv1d(x, w, b, { stride: 2, padding: 1 })),
    one(
      [
        [4, 5],
        [2, 2, 2],
      ],
      (x, w) => F.conv1d(x, w, null, { groups: 2, padding: "same" }),
      {
        name: "groups, unbatched",
      },
    ),
  ],
  "nn.functional.conv2d": [
    one([[2, 2, 4, 3], [2, 2, 3, 2], [2]], (x, w, b) => F.conv2d(x, w, b, { padding: [1, 0] })),
    one(
      [
        [1, 2, 5, 4],
        [2, 1, 2, 2],
      ],
      (x, w) => F.conv2d(x, w, null, { stride: [2, 1], dilation: 2, groups: 2 }),
      {
        name: "stride, dilation, groups",
      },
    ),
    one([[2, 3, 2, 2], [2, 3, 1, 1], [2]], (x, w, b) => F.conv2d(x, w, b), { name: "1 by 1" }),
  ],
  "nn.functional.conv3d": [
    one([[1, 2, 2, 3, 2], [2, 2, 2, 2, 1], [2]], (x, w, b) => F.conv3d(x, w, b, { padding: [1, 0, 0] })),
  ],
  "nn.functional.convTranspose1d": [
    one([[2, 2, 3], [2, 2, 3], [2]], (x, w, b) =>
      F.convTranspose1d(x, w, b, { stride: 2, padding: 1, outputPadding: 1 }),
    ),
  ],
  "nn.functional.convTranspose2d": [
    one([[2, 2, 3, 2], [2, 1, 2, 3], [2]], (x, w, b) =>
      F.convTranspose2d(x, w, b, { stride: [1, 2], dilation: [2, 1], groups: 2 }),
    ),
  ],
  "nn.functional.convTranspose3d": [
    one([[2, 2, 1, 2], [2, 1, 1, 2, 2], [1]], (x, w, b) =>
      F.convTranspose3d(x, w, b, { padding: [0, 0, 1] }),
    ),
  ],
  "nn.functional.maxPool1d": [
    one([[2, 5]], (x) => F.maxPool1d(x, 3, { stride: 2, padding: 1 })),
    one([[1, 2, 5]], (x) => F.maxPool1d(x, 2, { dilation: 2, ceilMode: true, returnIndices: true }), {
      name: "dilation, ceil mode",
    }),
  ],
  "nn.functional.maxPool2d": [one([[2, 2, 4, 5]], (x) => F.maxPool2d(x, [2, 3], { stride: [2, 1] }))],
  "nn.functional.maxPool3d": [one([[1, 2, 3, 4]], (x) => F.maxPool3d(x, 2, { stride: 1 }))],
  "nn.functional.maxPool1dWithIndices": [one([[2, 4]], (x) => F.maxPool1dWithIndices(x, 2))],
  "nn.functional.maxPool2dWithIndices": [one([[2, 4, 2]], (x) => F.maxPool2dWithIndices(x, 2))],
  "nn.functional.maxPool3dWithIndices": [one([[1, 2, 2, 4]], (x) => F.maxPool3dWithIndices(x, 2))],
  "nn.functional.avgPool1d": [
    one([[2, 5]], (x) => F.avgPool1d(x, 3, { stride: 2, padding: 1, countIncludePad: false })),
  ],
  "nn.functional.avgPool2d": [
    one([[2, 1, 4, 5]], (x) => F.avgPool2d(x, [2, 3], { stride: 1, padding: 1 })),
    one([[1, 3, 3]], (x) => F.avgPool2d(x, 2, { ceilMode: true, divisorOverride: 3 }), { name: "divisor" }),
  ],
  "nn.functional.avgPool3d": [one([[1, 2, 3, 4]], (x) => F.avgPool3d(x, [1, 2, 2]))],
  "nn.functional.adaptiveAvgPool1d": [one([[2, 5]], (x) => F.adaptiveAvgPool1d(x, 3))],
  "nn.functional.adaptiveAvgPool2d": [one([[1, 2, 4, 3]], (x) => F.adaptiveAvgPool2d(x, [3, null]))],
  "nn.functional.adaptiveAvgPool3d": [one([[1, 2, 4, 3]], (x) => F.adaptiveAvgPool3d(x, 2))],
  "nn.functional.adaptiveMaxPool1d": [one([[2, 5]], (x) => F.adaptiveMaxPool1d(x, 3))],
  "nn.functional.adaptiveMaxPool2d": [
    one([[1, 2, 4, 3]], (x) => F.adaptiveMaxPool2d(x, [3, 2], { returnIndices: true })),
  ],
  "nn.functional.adaptiveMaxPool3d": [one([[1, 2, 4, 3]], (x) => F.adaptiveMaxPool3d(x, 2))],
  "nn.functional.fractionalMaxPool2d": [
    one([[1, 2, 5, 5]], (x) =>
      F.fractionalMaxPool2d(x, 2, { outputSize: 3, _randomSamples: samples([1, 2, 2]) }),
    ),
  ],
  "nn.functional.fractionalMaxPool3d": [
    one([[1, 3, 4, 4]], (x) =>
      F.fractionalMaxPool3d(x, [1, 2, 2], { outputRatio: 0.7, _randomSamples: samples([1, 1, 3]) }),
    ),
  ],
  "nn.functional.maxUnpool1d": [
    one([[2, 2]], (x) =>
      F.maxUnpool1d(
        x,
        int([
          [1, 3],
          [0, 2],
        ]),
        2,
      ),
    ),
  ],
  "nn.functional.maxUnpool2d": [
    one([[1, 1, 1, 2]], (x) => F.maxUnpool2d(x, int([[[[5, 2]]]]), 2, { outputSize: [2, 5] })),
  ],
  "nn.functional.maxUnpool3d": [one([[1, 1, 1, 2]], (x) => F.maxUnpool3d(x, int([[[[5, 11]]]]), 2))],
  "nn.functional.unfold": [
    one([[1, 2, 3, 4]], (x) => F.unfold(x, [2, 3], { padding: 1, stride: 2, dilation: [1, 2] })),
  ],
  "nn.functional.fold": [one([[4, 6]], (x) => F.fold(x, [3, 4], 2))],
  "nn.functional.pad": [
    one([[2, 3]], (x) => F.pad(x, [1, -1], "constant", 5), { name: "constant" }),
    one([[1, 3, 4]], (x) => F.pad(x, [2, -1, 0, 2], "reflect"), { name: "reflect" }),
    one([[1, 3, 4]], (x) => F.pad(x, [-1, 3], "replicate"), { name: "replicate" }),
    one([[1, 1, 4]], (x) => F.pad(x, [-1, 3], "circular"), { name: "circular" }),
  ],
  constantPadNd: [one([[2, 3, 2]], (x) => torch.constantPadNd(x, [1, 0, -1, 2], 3))],
  "nn.functional.interpolate": [
    one([[1, 2, 3]], (x) => F.interpolate(x, { size: 5 }), { name: "nearest" }),
    one([[1, 1, 4, 3]], (x) => F.interpolate(x, { size: [2, 5], mode: "bilinear" }), { name: "bilinear" }),
    one([[1, 1, 4, 3]], (x) => F.interpolate(x, { scaleFactor: 1.5, mode: "bicubic", alignCorners: true }), {
      name: "bicubic",
    }),
    one([[1, 1, 5, 4]], (x) => F.interpolate(x, { size: 2, mode: "bicubic", antialias: true }), {
      name: "antialias",
    }),
    one([[1, 1, 5]], (x) => F.interpolate(x, { size: 2, mode: "area" }), { name: "area" }),
    one([[1, 1, 2, 2, 3]], (x) => F.interpolate(x, { size: 3, mode: "trilinear" }), { name: "trilinear" }),
  ],
  "nn.functional.gridSample": (
    [
      ["bilinear", "zeros"],
      ["bilinear", "border"],
      ["bicubic", "reflection"],
      ["nearest", "zeros"],
    ] as const
  ).map(([mode, paddingMode]) => ({
    name: `${mode}, ${paddingMode}`,
    shapes: [
      [1, 2, 3, 4],
      [1, 2, 2, 2],
    ],
    domain: { low: -1.4, high: 1.4 },
    fn: (x, grid) => F.gridSample(x, grid, { mode, paddingMode }),
  })),
};
