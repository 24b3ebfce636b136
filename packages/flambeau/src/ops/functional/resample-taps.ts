// Which places of the input make a place of a resampled dimension, and with which weights.
// Floor L4 (ops). Source: ATen/native/UpSample.h, cpu/UpSampleKernel.cpp; Keys, Cubic convolution interpolation (1981)

import type { Taps } from "./along.ts";
import { copies } from "./along.ts";

export interface Resampling {
  /** Extents of the input and of the result. */
  readonly length: number;
  readonly count: number;
  /** By how much the extent was asked to grow; null if the extent itself was asked for. */
  readonly scale: number | null;
  readonly alignCorners: boolean;
  /** Rounds as the input's dtype does: places are computed in it, and floor() is sensitive to that. */
  readonly round: (v: number) => number;
}

/** Distance of the places of the result, in places of the input. */
function stepOf({ length, count, scale, alignCorners, round }: Resampling): number {
  if (alignCorners) return count > 1 ? round((length - 1) / (count - 1)) : 0;
  return round(scale !== null && scale > 0 ? 1 / scale : length / count);
}

/** The nearest place at or below each; with `exact`, nearest to the centres. */
export function nearestTaps(r: Resampling, exact: boolean): Taps {
  const { length, count, round } = r;
  const step = stepOf({ ...r, alignCorners: false });
  const at = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const place = exact ? round(round(i + 0.5) * step) : round(step * i);
    at[i] = Math.min(Math.floor(place), length - 1);
  }
  return copies(length, at);
}

function placeOf(step: number, i: number, { alignCorners, round }: Resampling): number {
  return alignCorners ? round(step * i) : round(round(step * (i + 0.5)) - 0.5);
}

const everyNth = (count: number, n: number): Int32Array =>
  Int32Array.from({ length: count + 1 }, (_, i) => n * i);

/** Straight lines between places. */
export function linearTaps(r: Resampling): Taps {
  const { length, count, round } = r;
  const step = stepOf(r);
  const at = new Int32Array(2 * count);
  const weights = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    // The same extent is left as it is, rounding apart.
    const place = length === count ? i : Math.max(0, placeOf(step, i, r));
    const low = Math.min(Math.floor(place), length - 1);
    const part = Math.min(Math.max(round(place - low), 0), 1);
    at[2 * i] = low;
    at[2 * i + 1] = Math.min(low + 1, length - 1);
    weights[2 * i] = 1 - part;
    weights[2 * i + 1] = part;
  }
  return { length, first: everyNth(count, 2), at, weights };
}

/** The cubic convolution kernel at distance x, with slope a at 1. */
export function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
}

/** Cubics through four places. */
export function cubicTaps(r: Resampling): Taps {
  const { length, count, round } = r;
  const step = stepOf(r);
  const at = new Int32Array(4 * count);
  const weights = new Float64Array(4 * count);
  for (let i = 0; i < count; i++) {
    const place = placeOf(step, i, r);
    const low = Math.floor(place);
    const part = round(place - low);
    for (let k = 0; k < 4; k++) {
      at[4 * i + k] = Math.min(Math.max(low - 1 + k, 0), length - 1);
      weights[4 * i + k] = cubic(part + 1 - k, -0.75);
    }
  }
  return { length, first: everyNth(count, 4), at, weights };
}

/** Weighted means over as many places as the result skips: no aliasing when it is smaller. */
export function smoothTaps(r: Resampling, kernel: "linear" | "cubic"): Taps {
  const { length, count, round } = r;
  const step = stepOf(r);
  const half = kernel === "linear" ? 1 : 2;
  const support = step >= 1 ? round(half * step) : half;
  const inverse = step >= 1 ? round(1 / step) : 1;
  const first = new Int32Array(count + 1);
  const at: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    const center = round(step * (i + 0.5));
    const low = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), length);
    let total = 0;
    for (let j = low; j < end; j++) {
      const x = (j - center + 0.5) * inverse;
      const weight = kernel === "linear" ? Math.max(0, 1 - Math.abs(x)) : cubic(x, -0.5);
      at.push(j);
      weights.push(weight);
      total += weight;
    }
    if (total !== 0) for (let e = first[i]!; e < at.length; e++) weights[e]! /= total;
    first[i + 1] = at.length;
  }
  return { length, first, at: Int32Array.from(at), weights: Float64Array.from(weights) };
}
