// Loops over the windows of images: maxima with their places, means, and the adjoint of means.
// Floor L4 (ops). Source: ATen/native/cpu/MaxPoolKernel.cpp, AvgPoolKernel.cpp

import type { Data } from "../elements.ts";
import type { Axis, Windows } from "./pool-windows.ts";

/** Whether all windows along a dimension are `size` adjacent places. */
function isUniform({ starts, ends, step }: Axis, size: number): boolean {
  if (step !== 1 && size > 1) return false;
  for (let i = 0; i < starts.length; i++) if (ends[i]! - starts[i]! !== size) return false;
  return true;
}

/**
 * Maxima of the windows of `planes` images at x[from], and their indices in the image; the first of equal ones, and the
 * last NaN.
 */
export function maxOfWindows(
  x: Data,
  from: number,
  planes: number,
  { axes }: Windows,
  values: Data,
  indices: Int32Array,
): void {
  const [ad, ah, aw] = axes;
  if (isUniform(ad, 1) && isUniform(ah, 2) && isUniform(aw, 2)) {
    maxOfSquares(x, from, planes, axes, values, indices);
    return;
  }
  const [height, width] = [ah.length, aw.length];
  const size = ad.length * height * width;
  const [md, mh, mw] = [ad.starts.length, ah.starts.length, aw.starts.length];
  const { starts, ends, step } = aw;
  for (let p = 0, out = 0; p < planes; p++) {
    const base = from + p * size;
    for (let i = 0; i < md; i++)
      for (let j = 0; j < mh; j++) {
        const d0 = ad.starts[i]!;
        const d1 = ad.ends[i]!;
        const h0 = ah.starts[j]!;
        const h1 = ah.ends[j]!;
        for (let k = 0; k < mw; k++, out++) {
          const w0 = starts[k]!;
          const w1 = ends[k]!;
          let best = Number.NEGATIVE_INFINITY;
          let at = (d0 * height + h0) * width + w0;
          for (let d = d0; d < d1; d += ad.step)
            for (let h = h0; h < h1; h += ah.step) {
              const row = (d * height + h) * width;
              for (let w = w0; w < w1; w += step) {
                const v = x[base + row + w]!;
                if (v > best || Number.isNaN(v)) {
                  best = v;
                  at = row + w;
                }
              }
            }
          values[out] = best;
          indices[out] = at;
        }
      }
  }
}

/** The same for windows of two by two, which most are. */
function maxOfSquares(
  x: Data,
  from: number,
  planes: number,
  [ad, ah, aw]: Windows["axes"],
  values: Data,
  indices: Int32Array,
): void {
  const width = aw.length;
  const area = ah.length * width;
  const { starts } = aw;
  const [md, mh, mw] = [ad.starts.length, ah.starts.length, starts.length];
  for (let p = 0, out = 0; p < planes; p++) {
    const base = from + p * ad.length * area;
    for (let i = 0; i < md; i++)
      for (let j = 0; j < mh; j++) {
        const row = ad.starts[i]! * area + ah.starts[j]! * width;
        for (let k = 0; k < mw; k++, out++) {
          let at = row + starts[k]!;
          const first = base + at;
          let best = x[first]!;
          const b = x[first + 1]!;
          const c = x[first + width]!;
          const d = x[first + width + 1]!;
          const corner = at;
          if (b > best || Number.isNaN(b)) {
            best = b;
            at = corner + 1;
          }
          if (c > best || Number.isNaN(c)) {
            best = c;
            at = corner + width;
          }
          if (d > best || Number.isNaN(d)) {
            best = d;
            at = corner + width + 1;
          }
          values[out] = best;
          indices[out] = at;
        }
      }
  }
}

/** Sums of windows over `divisor`, or over the windows' counts where that is 0. */
export function meansOfWindows(
  x: Data,
  from: number,
  planes: number,
  { axes }: Windows,
  divisor: number,
  out: Data,
): void {
  const [ad, ah, aw] = axes;
  const [height, width] = [ah.length, aw.length];
  const size = ad.length * height * width;
  const [md, mh, mw] = [ad.starts.length, ah.starts.length, aw.starts.length];
  for (let p = 0, o = 0; p < planes; p++) {
    const base = from + p * size;
    for (let i = 0; i < md; i++)
      for (let j = 0; j < mh; j++) {
        const d0 = ad.starts[i]!;
        const d1 = ad.ends[i]!;
        const h0 = ah.starts[j]!;
        const h1 = ah.ends[j]!;
        const count = ad.counts[i]! * ah.counts[j]!;
        for (let k = 0; k < mw; k++, o++) {
          const w0 = aw.starts[k]!;
          const w1 = aw.ends[k]!;
          let sum = 0;
          for (let d = d0; d < d1; d++)
            for (let h = h0; h < h1; h++) {
              const row = base + (d * height + h) * width;
              for (let w = row + w0; w < row + w1; w++) sum += x[w]!;
            }
          // A window without a place in the input has no mean; PyTorch gives 0.
          out[o] = d0 < d1 && h0 < h1 && w0 < w1 ? sum / (divisor || count * aw.counts[k]!) : 0;
        }
      }
  }
}

/** The adjoint of {@link meansOfWindows}: adds each output, divided, to the places of its window. */
export function spreadOverWindows(
  g: Data,
  from: number,
  planes: number,
  { axes }: Windows,
  divisor: number,
  out: Data,
): void {
  const [ad, ah, aw] = axes;
  const [height, width] = [ah.length, aw.length];
  const size = ad.length * height * width;
  const [md, mh, mw] = [ad.starts.length, ah.starts.length, aw.starts.length];
  for (let p = 0, o = from; p < planes; p++) {
    const base = p * size;
    for (let i = 0; i < md; i++)
      for (let j = 0; j < mh; j++) {
        const d0 = ad.starts[i]!;
        const d1 = ad.ends[i]!;
        const h0 = ah.starts[j]!;
        const h1 = ah.ends[j]!;
        const count = ad.counts[i]! * ah.counts[j]!;
        for (let k = 0; k < mw; k++, o++) {
          const w0 = aw.starts[k]!;
          const w1 = aw.ends[k]!;
          const v = g[o]! / (divisor || count * aw.counts[k]!);
          for (let d = d0; d < d1; d++)
            for (let h = h0; h < h1; h++) {
              const row = base + (d * height + h) * width;
              for (let w = row + w0; w < row + w1; w++) out[w]! += v;
            }
        }
      }
  }
}
