// Inputs at which the derivatives of ops are checked.

import * as torch from "../../../src/index.ts";
import type { Fn, Samples } from "./common.ts";
import { int, one } from "./common.ts";

const trapezoids = (op: Fn): Samples[string] => [
  one([[2, 3]], (y) => op(y, null, { dx: 2, dim: 0 })),
  one([[2, 3], [3]], (y, x) => op(y, x), { name: "coordinates" }),
];

const transforms = {
  irfft: torch.fft.irfft,
  hfft: torch.fft.hfft,
};
const transformsN = {
  irfft2: torch.fft.irfft2,
  irfftn: torch.fft.irfftn,
  hfft2: torch.fft.hfft2,
  hfftn: torch.fft.hfftn,
};

const spectra: Samples = {};
for (const [name, f] of Object.entries(transforms))
  spectra[`fft.${name}`] = [
    one([[2, 3]], (x) => f(x)),
    one([[3, 2]], (x) => f(x, 7, 0, { norm: "ortho" }), { name: "filled" }),
  ];
for (const [name, f] of Object.entries(transformsN))
  spectra[`fft.${name}`] = [
    one([[3, 3]], (x) => f(x, [4, 5])),
    one([[2, 3, 2]], (x) => f(x, null, [2, 1], { norm: "forward" }), { name: "dims" }),
  ];

export const analysis: Samples = {
  ...spectra,
  "fft.fftshift": [one([[2, 3]], (x) => torch.fft.fftshift(x))],
  "fft.ifftshift": [one([[2, 3]], (x) => torch.fft.ifftshift(x, 1))],
  diff: [
    one([[3, 4]], (x) => x.diff(2)),
    one(
      [
        [2, 3],
        [1, 3],
        [2, 3],
      ],
      (x, p, q) => x.diff(1, 0, p, q),
      { name: "ends" },
    ),
  ],
  gradient: [
    one([[3, 4]], (x) => torch.gradient(x)),
    one([[3, 4]], (x) => torch.gradient(x, { spacing: [2, 0.5], edgeOrder: 2 }), { name: "parabola" }),
    one(
      [[2, 4]],
      (x) => torch.gradient(x, { spacing: [torch.tensor([0, 1, 3, 4.5])], dim: 1, edgeOrder: 2 }),
      { name: "coordinates" },
    ),
  ],
  trapezoid: trapezoids(torch.trapezoid),
  trapz: trapezoids(torch.trapz),
  cumulativeTrapezoid: trapezoids(torch.cumulativeTrapezoid),
  stft: [
    one([[7]], (x) => x.stft(4)),
    one([[2, 9]], (x) => x.stft(5, { hopLength: 2, winLength: 3, center: false, onesided: false }), {
      name: "frames",
    }),
  ],
  istft: [
    one([[3, 3, 2]], (x) => x.istft(4)),
    one([[2, 5, 2, 2]], (x) => x.istft(5, { hopLength: 2, center: false, length: 6 }), { name: "batch" }),
  ],
  segmentReduce: (["sum", "mean", "max", "min", "prod"] as const).flatMap((reduce) => [
    // Ties are kinks, which an expanded input has: it is told apart.
    one(
      [[5, 2]],
      (x) =>
        torch.segmentReduce(x.mul(torch.arange(1, 6, { dtype: "float64" }).unsqueeze(1)), reduce, {
          lengths: int([2, 0, 3]),
          initial: 0.5,
        }),
      { name: reduce },
    ),
  ]),
};
