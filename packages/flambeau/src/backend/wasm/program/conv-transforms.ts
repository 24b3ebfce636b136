// The transforms of Winograd's convolutions over tiles of 6 by 6, on vectors of channels.
// Floor L2 (backend/wasm/program). Source: Lavin, Gray: Fast Algorithms for Convolutional Neural Networks (2015)
//
// Polynomials of degree 5 are known by their values at 0, a, -a, b, -b and infinity. With a = 2^-0.5 and b = 2^0.5, about, the
// transforms amplify rounding least: results are off by 1e-6 of the largest, about as much as sums of products in order are
// (with 1 and 2, which are often taken, by 5e-6 to 1e-5; Barabasz et al.: Error Analysis and Improving the Accuracy of
// Winograd Convolution, 2018). a has few bits, so that its square is exact.

import type { Local } from "../encoder.ts";
import { f32x4 } from "../encoder.ts";
import type { Emitter } from "../lanes.ts";

/** Elements of a tile along one side, and of what it gives: 4 results of a kernel of 3. */
export const tileSide = 6;
export const resultSide = 4;
export const points: number = tileSide * tileSide;

const a = 181 / 256;
const b = 2 * a;
const [aa, bb] = [a * a, b * b];

/** From some elements of a row or column, each a list of adjacent vectors, to as many as the transform gives. */
export type Transform = (e: Emitter, x: readonly Lanes[]) => Lanes[];
/** Adjacent vectors. */
type Lanes = readonly Local[];

const madd = (e: Emitter, x: Lanes, factor: number, z: Lanes): Lanes =>
  x.map((v, i) => e.v(e.madd(v, e.f32(factor), z[i]!)));
const nmadd = (e: Emitter, x: Lanes, factor: number, z: Lanes): Lanes =>
  x.map((v, i) => e.v(e.nmadd(v, e.f32(factor), z[i]!)));
const scale = (e: Emitter, x: Lanes, factor: number): Lanes => x.map((v) => e.v(f32x4.mul(v, e.f32(factor))));
const add = (e: Emitter, x: Lanes, y: Lanes): Lanes => x.map((v, i) => e.v(f32x4.add(v, y[i]!)));
const sub = (e: Emitter, x: Lanes, y: Lanes): Lanes => x.map((v, i) => e.v(f32x4.sub(v, y[i]!)));

/** Six elements of the source to their values at the points: products of the polynomial's other factors. */
export const sourceTransform: Transform = (e, x) => {
  const [d0, d1, d2, d3, d4, d5] = x as [Lanes, Lanes, Lanes, Lanes, Lanes, Lanes];
  const [even, odd] = [nmadd(e, d2, bb, d4), nmadd(e, d1, bb, d3)];
  const [even2, odd2] = [nmadd(e, d2, aa, d4), nmadd(e, d1, aa, d3)];
  return [
    madd(e, d0, aa * bb, nmadd(e, d2, aa + bb, d4)),
    madd(e, odd, a, even),
    nmadd(e, odd, a, even),
    madd(e, odd2, b, even2),
    nmadd(e, odd2, b, even2),
    madd(e, d1, aa * bb, nmadd(e, d3, aa + bb, d5)),
  ];
};

/** Values of the product at the points to four results. */
export const resultTransform: Transform = (e, x) => {
  const [m0, m1, m2, m3, m4, m5] = x as [Lanes, Lanes, Lanes, Lanes, Lanes, Lanes];
  const [p, q] = [add(e, m1, m2), sub(e, m1, m2)];
  const [r, s] = [add(e, m3, m4), sub(e, m3, m4)];
  return [
    add(e, add(e, m0, p), r),
    madd(e, s, b, scale(e, q, a)),
    madd(e, r, bb, scale(e, p, aa)),
    madd(e, s, b * bb, madd(e, q, a * aa, m5)),
  ];
};

/** Three values of a kernel's row at the points, divided by what the source's transform left undone. */
export const kernelTransform: Transform = (e, x) => {
  const [g0, g1, g2] = x as [Lanes, Lanes, Lanes];
  const [na, nb] = [1 / (2 * aa * (aa - bb)), 1 / (2 * bb * (bb - aa))];
  const pair = (point: number, factor: number): [Lanes, Lanes] => {
    const even = madd(e, g2, factor * point * point, scale(e, g0, factor));
    return [madd(e, g1, factor * point, even), nmadd(e, g1, factor * point, even)];
  };
  return [scale(e, g0, 1 / (aa * bb)), ...pair(a, na), ...pair(b, nb), g2];
};

/** Four elements of the output's gradient at the points, divided as those of a kernel are. */
export const gradientTransform: Transform = (e, x) => {
  const [g0, g1, g2, g3] = x as [Lanes, Lanes, Lanes, Lanes];
  const [na, nb] = [1 / (2 * aa * (aa - bb)), 1 / (2 * bb * (bb - aa))];
  const pair = (point: number, factor: number): [Lanes, Lanes] => {
    const even = madd(e, g2, factor * point ** 2, scale(e, g0, factor));
    const odd = madd(e, g3, factor * point ** 3, scale(e, g1, factor * point));
    return [add(e, even, odd), sub(e, even, odd)];
  };
  return [scale(e, g0, 1 / (aa * bb)), ...pair(a, na), ...pair(b, nb), g3];
};

/** Values at the points to the three elements of a kernel's row. */
export const weightTransform: Transform = (e, x) => {
  const [m0, m1, m2, m3, m4, m5] = x as [Lanes, Lanes, Lanes, Lanes, Lanes, Lanes];
  const [p, q] = [add(e, m1, m2), sub(e, m1, m2)];
  const [r, s] = [add(e, m3, m4), sub(e, m3, m4)];
  return [add(e, add(e, m0, p), r), madd(e, s, b, scale(e, q, a)), madd(e, r, bb, madd(e, p, aa, m5))];
};
