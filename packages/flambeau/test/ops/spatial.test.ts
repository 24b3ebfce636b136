// Convolution, pooling, borders and resizing: what the recorded cases do not hold. Numbers are those of PyTorch 1.13.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

const F = torch.nn.functional;
type Tensor = torch.AnyTensor;
const of = (data: unknown, dtype: torch.DType = "float32"): Tensor =>
  torch.tensor(data as number[], { dtype });
const run = (...sizes: number[]): Tensor =>
  torch
    .arange(sizes.reduce((a, b) => a * b, 1))
    .to("float32")
    .reshape(sizes);

/** Pseudo-random numbers of float64, the same in every run. */
const generator = new torch.Generator();
const random = (...shape: number[]): Tensor => torch.randn(shape, { dtype: "float64", generator }) as Tensor;

function largest(a: Tensor, b: Tensor): number {
  return a.to("float64").sub(b.to("float64")).abs().max().item() as number;
}

describe("convolution", () => {
  // float32 has routines of its own in the backend; float64 goes by copies and matrix products.
  const cases: [string, number[], number[], object][] = [
    ["plain", [2, 5, 17, 20], [7, 5, 3, 3], {}],
    ["large", [2, 16, 24, 24], [20, 16, 5, 5], { padding: 2 }],
    ["many taps", [1, 40, 9, 9], [3, 40, 3, 3], { padding: 1 }],
    ["stride", [2, 6, 15, 14], [8, 6, 3, 4], { stride: [2, 3], padding: [1, 2] }],
    ["stride beyond the kernel", [2, 3, 15, 14], [4, 3, 2, 1], { stride: 3 }],
    ["dilation", [2, 4, 15, 14], [5, 4, 3, 3], { dilation: [2, 3], padding: 3, stride: 2 }],
    ["groups", [2, 6, 9, 9], [9, 2, 3, 3], { groups: 3, padding: "same" }],
    ["each channel", [2, 8, 9, 9], [8, 1, 3, 3], { groups: 8 }],
    ["one by one", [2, 6, 9, 9], [5, 6, 1, 1], {}],
  ];
  test.each(cases)("%s: float32 and float64 agree, gradients too", (_, xs, ws, options) => {
    generator.manualSeed(3);
    const [x, w, b] = [random(...xs), random(...ws), random(ws[0]!)];
    const results = (["float64", "float32"] as const).map((dtype) => {
      const leaves = [x, w, b].map((t) => t.to(dtype).detach().requiresGrad_()) as [Tensor, Tensor, Tensor];
      const y = F.conv2d(...leaves, options) as Tensor;
      y.mul(y).sum().backward();
      return [y, ...leaves.map((t) => t.grad!)];
    });
    for (const [i, exact] of results[0]!.entries()) {
      const scale = exact.abs().max().item() as number;
      expect(largest(results[1]![i]!, exact)).toBeLessThan(3e-6 * scale);
    }
  });

  test("is the same for inputs with any strides", () => {
    generator.manualSeed(4);
    const [x, w] = [random(5, 6, 3, 2).to("float32"), random(3, 3, 3, 4).to("float32")];
    const y = F.conv2d(x.permute([3, 2, 0, 1]), w.permute([3, 0, 1, 2]));
    const z = F.conv2d(x.permute([3, 2, 0, 1]).contiguous(), w.permute([3, 0, 1, 2]).contiguous());
    expect(y.tolist()).toEqual(z.tolist());
  });

  test("the adjoint of a convolution is its adjoint", () => {
    generator.manualSeed(5);
    const [x, w] = [random(2, 4, 9, 8), random(6, 2, 3, 4)];
    const options = { stride: 2, padding: 1, groups: 2 } as const;
    const there = F.conv2d(x, w, null, options);
    const up = random(2, 6, 5, 4);
    const adjoint = F.convTranspose2d(up, w, null, options);
    expect([there.shape, adjoint.shape]).toEqual([up.shape, [2, 4, 9, 8]]);
    expect(there.mul(up).sum().item()).toBeCloseTo(x.mul(adjoint).sum().item() as number, 8);
  });

  test("of integers, modulo what the dtype holds", () => {
    expect(F.conv1d(of([[200, 100, 50]], "uint8"), of([[[2, 3]]], "uint8")).tolist()).toEqual([[188, 94]]);
    const big = F.conv1d(of([[2 ** 40, 1, 2]], "int64"), of([[[3, 5]]], "int64"));
    expect(big.dtype).toBe("int64");
    expect(big.tolist()).toEqual([[3 * 2 ** 40 + 5, 13]]);
  });

  test("infinities stay out of gradients of weights that did not meet them", () => {
    const x = of([
      [
        [
          [1, 1, Number.POSITIVE_INFINITY],
          [1, 1, 1],
        ],
      ],
    ]);
    const w = torch.ones(1, 1, 1, 2).requiresGrad_();
    F.conv2d(x, w).backward(
      of([
        [
          [
            [1, 0],
            [1, 1],
          ],
        ],
      ]),
    );
    expect(w.grad!.tolist()).toEqual([[[[3, Number.NaN]]]]);
  });

  test("of an empty batch has a shape and gradients of zeros", () => {
    const w = torch.ones(4, 3, 3, 3).requiresGrad_();
    const y = F.conv2d(torch.zeros(0, 3, 5, 5), w);
    expect(y.shape).toEqual([0, 4, 3, 3]);
    y.sum().backward();
    expect(w.grad!.abs().sum().item()).toBe(0);
  });
});

describe("pooling", () => {
  test("the last NaN wins; the first of equal ones", () => {
    const [values, indices] = F.maxPool1d(of([[1, Number.NaN, 3, Number.NaN, 2, 1]]), 3, {
      stride: 1,
      returnIndices: true,
    });
    expect(values.tolist()).toEqual([[Number.NaN, Number.NaN, Number.NaN, Number.NaN]]);
    expect(indices.tolist()).toEqual([[1, 3, 3, 3]]);
    const square = of([
      [
        [1, Number.NaN],
        [Number.NaN, 2],
      ],
    ]);
    expect(F.maxPool2dWithIndices(square, 2)[1].tolist()).toEqual([[[2]]]);
    const low = torch.full([1, 2, 2], Number.NEGATIVE_INFINITY);
    expect(F.maxPool2dWithIndices(low, 2).map((t) => t.item())).toEqual([Number.NEGATIVE_INFINITY, 0]);
  });

  test("windows of two by two are as others", () => {
    generator.manualSeed(6);
    const x = random(2, 3, 7, 9);
    const [values, indices] = F.maxPool2dWithIndices(x, 2, { stride: [1, 2] });
    const [same, places] = F.maxPool3dWithIndices(x, [1, 2, 2], { stride: [1, 1, 2] });
    expect(values.tolist()).toEqual(same.tolist());
    // Their indices count in one image, those of volumes in all three.
    expect(places.select(1, 1).sub(indices.select(1, 1)).eq(63).all().item()).toBe(true);
  });

  test("means of integers are cut off", () => {
    expect(F.avgPool1d(of([[7, 8, -9, -6, 5]], "int64"), 2, { stride: 1 }).tolist()).toEqual([[7, 0, -7, 0]]);
    const x = of(
      [
        [
          [-7, -8],
          [-9, -6],
        ],
      ],
      "int32",
    );
    expect(F.avgPool2d(x, 2, { divisorOverride: -4 }).tolist()).toEqual([[[7]]]);
  });

  test("maxUnpool writes the last of several, and gives each its gradient", () => {
    const x = of([[5, 6, 7]]).requiresGrad_();
    const y = F.maxUnpool1d(x, of([[1, 1, 4]], "int32"), 2);
    expect(y.tolist()).toEqual([[0, 6, 0, 0, 7, 0]]);
    y.backward(run(1, 6));
    expect(x.grad!.tolist()).toEqual([[1, 1, 4]]);
  });

  test("fractionalMaxPool draws PyTorch's numbers", () => {
    torch.manualSeed(3);
    expect(F.fractionalMaxPool2d(run(1, 7, 7), 2, { outputSize: 3 }).tolist()).toEqual([
      [
        [8, 10, 13],
        [22, 24, 27],
        [43, 45, 48],
      ],
    ]);
    expect(torch.rand(1).item()).toBeCloseTo(0.2858, 4);
  });
});

describe("borders and resizing", () => {
  test("negative borders cut off; what is mirrored is whole, what is wrapped is what is left", () => {
    expect(F.pad(run(1, 1, 5), [-2, 3], "reflect").tolist()).toEqual([[[2, 3, 4, 3, 2, 1]]]);
    expect(F.pad(run(1, 1, 5), [-1, 2], "circular").tolist()).toEqual([[[1, 2, 3, 4, 1, 2]]]);
  });

  test("the result of pad is new memory", () => {
    const x = run(1, 1, 3);
    for (const mode of ["constant", "reflect", "replicate", "circular"] as const) {
      const y = F.pad(x, [0, 0], mode);
      y.add_(1);
      expect(x.tolist()).toEqual([[[0, 1, 2]]]);
    }
  });

  test("constants are converted to the dtype", () => {
    expect(torch.constantPadNd(of([1, 2], "int64"), [1, 1], 1.5).tolist()).toEqual([1, 1, 2, 1]);
    expect(torch.constantPadNd(of([true], "bool"), [0, 1], 2).tolist()).toEqual([true, true]);
  });

  test("nearest places by floor, or by centres", () => {
    expect(F.interpolate(run(1, 1, 5), { scaleFactor: 0.7 }).tolist()).toEqual([[[0, 1, 2]]]);
    expect(F.interpolate(run(1, 1, 5), { size: 3, mode: "nearest-exact" }).tolist()).toEqual([[[0, 2, 4]]]);
  });

  test("an image sampled at its own grid is itself", () => {
    const theta = of([
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
    ]);
    for (const alignCorners of [true, false]) {
      const grid = F.affineGrid(theta, [1, 2, 3, 4], { alignCorners });
      const y = F.gridSample(run(1, 2, 3, 4), grid, { alignCorners });
      expect(largest(y, run(1, 2, 3, 4))).toBeLessThan(1e-5);
    }
  });

  test("gridSample beyond the image", () => {
    const grid = of([
      [
        [
          [-1, -1],
          [1, 1],
          [0.3, -2],
        ],
      ],
    ]);
    const y = F.gridSample(run(1, 1, 2, 3), grid, { alignCorners: true, paddingMode: "reflection" });
    y.flatten()
      .tolist()
      .forEach((v: number, i: number) => {
        expect(v).toBeCloseTo([0, 5, 2.8][i]!, 5);
      });
    const moving = of([
      [
        [
          [-1.5, 0.2],
          [0.1, 1],
        ],
      ],
    ]).requiresGrad_();
    F.gridSample(run(1, 1, 2, 3), moving, { alignCorners: true, paddingMode: "border" })
      .sum()
      .backward();
    // At the border and beyond it, nothing changes.
    expect(moving.grad!.abs().tolist()).toEqual([
      [
        [
          [0, 1.5],
          [1, 0],
        ],
      ],
    ]);
  });

  test("fold adds up what unfold took apart", () => {
    const ones = torch.ones(1, 2, 4, 5);
    const columns = F.unfold(ones, [2, 3], { padding: 1 });
    expect(columns.shape).toEqual([1, 12, 25]);
    const counts = F.fold(columns, [4, 5], [2, 3], { padding: 1 });
    expect(counts.select(1, 0).tolist()).toEqual([Array.from({ length: 4 }, () => [4, 6, 6, 6, 4])]);
  });
});
