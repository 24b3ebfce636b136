// Derivatives, integrals, segments and spectra of sampled functions: what fixtures do not hold. Numbers are PyTorch 1.13's.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

const wave = (n: number): torch.AnyTensor => torch.arange(n, { dtype: "float64" }).mul(1.3).sin();
const far = (a: torch.AnyTensor, b: torch.AnyTensor): number => a.sub(b).abs().amax().item() as number;

describe("transforms to real results", () => {
  test.each([1, 2, 7, 8, 60, 97, 211])("irfft of length %i is the sum of cosines", (n) => {
    const half = Math.floor(n / 2) + 1;
    const x = wave(half);
    const values = x.tolist() as number[];
    const expected = Array.from({ length: n }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < half; k++)
        sum += (k === 0 || 2 * k === n ? 1 : 2) * values[k]! * Math.cos((2 * Math.PI * ((j * k) % n)) / n);
      return sum / n;
    });
    expect(far(torch.fft.irfft(x, n), torch.tensor(expected, { dtype: "float64" }))).toBeLessThan(1e-13);
  });

  test("hfft and irfft undo one another", () => {
    for (const n of [5, 8, 1009]) {
      const x = wave(Math.floor(n / 2) + 1);
      const spectrum = torch.fft.hfft(x, n);
      const back = torch.fft.irfft(spectrum.narrow(0, 0, x.length), n);
      expect(far(back.narrow(0, 0, x.length), x)).toBeLessThan(1e-12);
    }
  });

  test("several dimensions are one after the other; any strides", () => {
    const x = wave(24).reshape(4, 6).t();
    const once = torch.fft.irfftn(x, [6, 7]);
    // Along the first dimension, real input has the cosine sums of its whole length.
    const columns = torch.stack(
      Array.from({ length: 6 }, (_, j) =>
        Array.from({ length: 6 }, (_, k) => x.at(k).mul(Math.cos((2 * Math.PI * j * k) / 6) / 6)).reduce(
          (a, b) => a.add(b),
        ),
      ),
    );
    expect(once.shape).toEqual([6, 7]);
    expect(far(once.at(0), torch.fft.irfft(columns, 7).at(0))).toBeLessThan(1e-14);
  });

  test("integers become floats, float64 stays", () => {
    expect(torch.fft.irfft(torch.tensor([1, 2])).dtype).toBe("float32");
    expect(torch.fft.hfft(wave(3)).dtype).toBe("float64");
  });

  test("shifts undo one another, whatever the length", () => {
    for (const n of [1, 4, 5]) {
      const x = torch.arange(n);
      expect(torch.fft.ifftshift(torch.fft.fftshift(x)).tolist()).toEqual(x.tolist());
    }
    expect(torch.fft.fftshift(torch.arange(5)).tolist()).toEqual([3, 4, 0, 1, 2]);
  });
});

describe("short-time spectra", () => {
  test("istft gives the signal back", () => {
    const x = wave(100).reshape(2, 50);
    for (const nFft of [8, 9]) {
      const window = torch.hannWindow(nFft, true, { dtype: "float64" });
      const spectra = x.stft(nFft, { window });
      expect(spectra.shape).toEqual([
        2,
        Math.floor(nFft / 2) + 1,
        Math.floor((50 + 2 * Math.floor(nFft / 2) - nFft) / 2) + 1,
        2,
      ]);
      expect(far(spectra.istft(nFft, { window, length: 50 }), x)).toBeLessThan(1e-12);
      const full = x.stft(nFft, { window, onesided: false, normalized: true });
      expect(
        far(full.istft(nFft, { window, onesided: false, normalized: true, length: 50 }), x),
      ).toBeLessThan(1e-12);
    }
  });

  test("complex results are refused", () => {
    expect(() => wave(20).stft(4, { returnComplex: true })).toThrow(torch.NotImplementedError);
  });

  test("windows that leave a sample without weight are refused", () => {
    const spectra = wave(20).stft(4);
    const window = torch.tensor([0, 1, 1, 0], { dtype: "float64" });
    expect(() => spectra.istft(4, { window, hopLength: 4 })).toThrow(/window overlap add min/);
  });
});

test("windows", () => {
  const shown = (x: torch.AnyTensor): number[] => (x.tolist() as number[]).map((v) => Number(v.toFixed(4)));
  expect(shown(torch.bartlettWindow(5))).toEqual([0, 0.4, 0.8, 0.8, 0.4]);
  expect(shown(torch.hannWindow(5))).toEqual([0, 0.3455, 0.9045, 0.9045, 0.3455]);
  expect(shown(torch.hannWindow(5, false))).toEqual([0, 0.5, 1, 0.5, 0]);
  expect(shown(torch.hammingWindow(5, true, { alpha: 0.5, beta: 0.3 }))).toEqual([
    0.2, 0.4073, 0.7427, 0.7427, 0.4073,
  ]);
  expect(shown(torch.blackmanWindow(5, false)).map(Math.abs)).toEqual([0, 0.34, 1, 0.34, 0]);
  expect(shown(torch.kaiserWindow(5, true, { beta: 3 }))).toEqual([0.2049, 0.6247, 0.9522, 0.9522, 0.6247]);
  expect(shown(torch.kaiserWindow(5))).toEqual([0.0001, 0.1017, 0.7929, 0.7929, 0.1017]);
  for (const window of [torch.bartlettWindow, torch.hannWindow, torch.hammingWindow, torch.blackmanWindow]) {
    expect(window(1).tolist()).toEqual([1]);
    expect(window(0).shape).toEqual([0]);
    expect(() => window(-1)).toThrow(torch.RuntimeError);
    expect(() => window(3, true, { dtype: "int32" } as never)).toThrow(torch.RuntimeError);
  }
  expect(torch.hannWindow(4, true, { requiresGrad: true }).requiresGrad).toBe(true);
});

test("derivatives of a parabola are exact, at the edges too", () => {
  const at = torch.tensor([0, 1, 3, 4.5], { dtype: "float64" });
  const [slope] = torch.gradient(at.square(), { spacing: [at], edgeOrder: 2 }) as [torch.AnyTensor];
  expect(far(slope, at.mul(2))).toBeLessThan(1e-12);
  const even = torch.arange(5, { dtype: "float64" }).mul(0.5);
  const [flat] = torch.gradient(even.square(), { spacing: 0.5, edgeOrder: 2 }) as [torch.AnyTensor];
  expect(far(flat, even.mul(2))).toBeLessThan(1e-12);
});

test("integrals up to each sample end in the whole one", () => {
  const y = wave(9);
  const x = torch.arange(9, { dtype: "float64" }).square();
  const parts = torch.cumulativeTrapezoid(y, x);
  expect(parts.shape).toEqual([8]);
  expect(parts.at(-1).item()).toBeCloseTo(torch.trapezoid(y, x).item(), 12);
  expect(torch.trapz(y, x).item()).toBe(torch.trapezoid(y, x).item());
  expect(torch.trapezoid(torch.zeros(2, 0)).tolist()).toEqual([0, 0]);
});

describe("segments", () => {
  const lengths = torch.tensor([2, 0, 3, 1]);
  const x = torch.tensor([1, 3, 3, 2, Number.NaN, 0]);

  test("empty ones, and NaN", () => {
    const of = (reduce: "sum" | "mean" | "max" | "min" | "prod", initial?: number): unknown =>
      torch.segmentReduce(x, reduce, { lengths, ...(initial === undefined ? {} : { initial }) }).tolist();
    expect(of("max")).toEqual([3, -Infinity, Number.NaN, 0]);
    expect(of("mean")).toEqual([2, Number.NaN, Number.NaN, 0]);
    expect(of("prod", 2)).toEqual([6, 2, Number.NaN, 0]);
    expect(of("mean", 2)).toEqual([3, 2, Number.NaN, 2]);
  });

  test("gradients: elements left over, ties, zeros", () => {
    const y = torch.tensor([1, 3, 3, 2, 0, 0], { dtype: "float64", requiresGrad: true });
    torch
      .segmentReduce(y, "sum", { lengths: torch.tensor([2, 3]), unsafe: true })
      .sum()
      .backward();
    expect(y.grad!.tolist()).toEqual([1, 1, 1, 1, 1, 0]);
    const gradient = (reduce: "max" | "prod", sign: number): unknown => {
      const z = y.detach().clone().requiresGrad_();
      torch
        .segmentReduce(z, reduce, { lengths: torch.tensor([3, 3]) })
        .mul(sign)
        .sum()
        .backward();
      return (z.grad!.tolist() as number[]).map((v) => v + 0);
    };
    expect(gradient("max", 1)).toEqual([0, 0.5, 0.5, 1, 0, 0]);
    // PyTorch shares positive gradients only.
    expect(gradient("max", -1)).toEqual([0, -1, -1, -1, 0, 0]);
    expect(gradient("prod", 1)).toEqual([9, 3, 3, 0, 0, 0]);
  });

  test("lengths that do not fit", () => {
    expect(() => torch.segmentReduce(x, "sum", { lengths: torch.tensor([2, 3]) })).toThrow(
      /sum to data.size/,
    );
    expect(() => torch.segmentReduce(x, "sum", { lengths: torch.tensor([9]), unsafe: true })).toThrow(
      torch.RuntimeError,
    );
    expect(() => torch.segmentReduce(x, "sum", { offsets: torch.tensor([0, 9]) })).toThrow(
      torch.RuntimeError,
    );
    expect(() => torch.segmentReduce(x, "sum")).toThrow(/Either lengths or offsets/);
  });
});
