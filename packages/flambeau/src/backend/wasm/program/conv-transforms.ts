// Winograd's transforms of convolutions by 3 x 3, on vectors of channels; along one dimension, since they are done one after the other.
// Floor L2 (backend/wasm/program). Source: Lavin, Gray: Fast Algorithms for Convolutional Neural Networks (2015)
//
// Polynomials are known by their values at a, -a, b, -b, infinity, and 0 where one more is needed. With a = 2^-0.5 and
// b = 2^0.5, about, the transforms amplify rounding least: results are off by 1e-6 of the largest, about as much as sums of products
// in order are (with 1 and 2, which are often taken, by 5e-6 to 1e-5; Barabasz et al.: Error Analysis and Improving the
// Accuracy of Winograd Convolution, 2018). a has few bits, so that its square is exact.
//
// With a stride of 2 the first and the last element of the kernel meet sources an even number of places apart, where the algorithm is
// that of kernels of two; the one between meets the others, whose four products stay as they are.

import type { ConvStep } from "../../../ir/program.ts";
import type { Local } from "../encoder.ts";
import { f32x4 } from "../encoder.ts";
import type { Emitter } from "../lanes.ts";

const a = 181 / 256;
const b = 2 * a;
const [aa, bb] = [a * a, b * b];

/** From some elements of a row or column, each a list of adjacent vectors, to as many as the transform gives. */
export type Transform = (e: Emitter, x: readonly Lanes[]) => Lanes[];
/** Adjacent vectors. */
type Lanes = readonly Local[];

/** Values that a kernel has along a side. Points from the last of them on share its weights. */
export const kernelPoints = 6;

export interface Scheme {
  /** Values that a tile has along a side. */
  readonly points: number;
  /** Elements of the source that a tile looks at, and from one tile to the next. */
  readonly source: { readonly side: number; readonly step: number };
  /** Elements of the target that a tile gives. */
  readonly result: number;
  readonly toSource: Transform;
  readonly toResult: Transform;
  /** Three elements of a kernel, in the order in which they meet the source, to their values. */
  readonly toKernel: Transform;
  /** Where the weights are the result: elements of the output's gradient to values, and values to elements of the kernel. */
  readonly toGradient: Transform;
  readonly toWeight: Transform;
}

const madd = (e: Emitter, x: Lanes, factor: number, z: Lanes): Lanes =>
  x.map((v, i) => e.v(e.madd(v, e.f32(factor), z[i]!)));
const nmadd = (e: Emitter, x: Lanes, factor: number, z: Lanes): Lanes =>
  x.map((v, i) => e.v(e.nmadd(v, e.f32(factor), z[i]!)));
const scale = (e: Emitter, x: Lanes, factor: number): Lanes => x.map((v) => e.v(f32x4.mul(v, e.f32(factor))));
const add = (e: Emitter, x: Lanes, y: Lanes): Lanes => x.map((v, i) => e.v(f32x4.add(v, y[i]!)));
const sub = (e: Emitter, x: Lanes, y: Lanes): Lanes => x.map((v, i) => e.v(f32x4.sub(v, y[i]!)));

/** Four values at +-a and +-b to sums and differences of each pair. */
function pairs(e: Emitter, [m1, m2, m3, m4]: readonly Lanes[]): [Lanes, Lanes, Lanes, Lanes] {
  return [add(e, m1!, m2!), sub(e, m1!, m2!), add(e, m3!, m4!), sub(e, m3!, m4!)];
}

const [da, db] = [2 * aa * (aa - bb), 2 * bb * (bb - aa)];

/** A kernel's polynomial at `point` and at -point, divided by `by` and by `sign` times that. */
function values(e: Emitter, g: readonly Lanes[], point: number, by: number, sign: 1 | -1): [Lanes, Lanes] {
  const half = (first: 0 | 1): Lanes => {
    let sum = scale(e, g[first]!, point ** first / by);
    for (let i = first + 2; i < g.length; i += 2) sum = madd(e, g[i]!, point ** i / by, sum);
    return sum;
  };
  const [even, odd] = [half(0), half(1)];
  return [add(e, even, odd), sign === 1 ? sub(e, even, odd) : sub(e, odd, even)];
}

/** Stride 1: six elements of the source, four results. */
const six: Scheme = {
  points: 6,
  source: { side: 6, step: 4 },
  result: 4,
  toSource(e, x) {
    const [d0, d1, d2, d3, d4, d5] = x as [Lanes, Lanes, Lanes, Lanes, Lanes, Lanes];
    const [even, odd] = [nmadd(e, d2, bb, d4), nmadd(e, d1, bb, d3)];
    const [even2, odd2] = [nmadd(e, d2, aa, d4), nmadd(e, d1, aa, d3)];
    return [
      madd(e, odd, a, even),
      nmadd(e, odd, a, even),
      madd(e, odd2, b, even2),
      nmadd(e, odd2, b, even2),
      madd(e, d1, aa * bb, nmadd(e, d3, aa + bb, d5)),
      madd(e, d0, aa * bb, nmadd(e, d2, aa + bb, d4)),
    ];
  },
  toResult(e, x) {
    const [p, q, r, s] = pairs(e, x);
    return [
      add(e, add(e, x[5]!, p), r),
      madd(e, s, b, scale(e, q, a)),
      madd(e, r, bb, scale(e, p, aa)),
      madd(e, s, b * bb, madd(e, q, a * aa, x[4]!)),
    ];
  },
  toKernel: (e, g) => [
    ...values(e, g, a, da, 1),
    ...values(e, g, b, db, 1),
    g.at(-1)!,
    scale(e, g[0]!, 1 / (aa * bb)),
  ],
  toGradient: (e, g) => six.toKernel(e, g),
  toWeight(e, x) {
    const [p, q, r, s] = pairs(e, x);
    return [
      add(e, add(e, x[5]!, p), r),
      madd(e, s, b, scale(e, q, a)),
      madd(e, r, bb, madd(e, p, aa, x[4]!)),
    ];
  },
};

/** Five elements at +-a, +-b and infinity. */
const fiveValues: Transform = (e, x) => {
  const [d0, d1, d2, d3, d4] = x as [Lanes, Lanes, Lanes, Lanes, Lanes];
  const [even, odd] = [nmadd(e, d0, bb, d2), nmadd(e, d1, bb, d3)];
  const [even2, odd2] = [nmadd(e, d0, aa, d2), nmadd(e, d1, aa, d3)];
  return [
    madd(e, even, a, odd),
    nmadd(e, even, a, odd),
    madd(e, even2, b, odd2),
    nmadd(e, even2, b, odd2),
    madd(e, d0, aa * bb, nmadd(e, d2, aa + bb, d4)),
  ];
};

/** A kernel's values at the same points. */
const fiveKernel: Transform = (e, g) => [
  ...values(e, g, a, da / a, -1),
  ...values(e, g, b, db / b, -1),
  g.at(-1)!,
];

/** Values at these points to four results of a kernel of two. */
const fourResults: Transform = (e, x) => {
  const [p, q, r, s] = pairs(e, x);
  return [
    add(e, p, r),
    madd(e, s, b, scale(e, q, a)),
    madd(e, r, bb, scale(e, p, aa)),
    madd(e, s, b * bb, madd(e, q, a * aa, x[4]!)),
  ];
};

const every2 = (x: readonly Lanes[], first: 0 | 1): Lanes[] => x.filter((_, i) => i % 2 === first);

/** Stride 2: nine elements of the source, four results. */
const nine: Scheme = {
  points: 9,
  source: { side: 9, step: 8 },
  result: 4,
  toSource: (e, x) => [...fiveValues(e, every2(x, 0)), ...every2(x, 1)],
  toResult: (e, x) => fourResults(e, x).map((y, i) => add(e, y, x[5 + i]!)),
  toKernel: (e, g) => [...fiveKernel(e, every2(g, 0)), g[1]!],
  toGradient: (e, g) => [...fiveKernel(e, g), ...g],
  toWeight(e, x) {
    const [p, q, r, s] = pairs(e, x);
    return [add(e, p, r), x[5]!, madd(e, s, b, madd(e, q, a, x[4]!))];
  },
};

/**
 * Towards the input of a stride of 2: five elements of the output's gradient, eight results, of which the kernel's middle gives
 * the first, the third and so on where the padding is `odd`, else the others.
 */
const eight = (odd: boolean): Scheme => ({
  ...nine,
  source: { side: 5, step: 4 },
  result: 8,
  toSource: (e, x) => [...fiveValues(e, x), ...(odd ? x.slice(0, 4) : x.slice(1))],
  toResult: (e, x) => fourResults(e, x).flatMap((y, i) => (odd ? [x[5 + i]!, y] : [y, x[5 + i]!])),
});

/** The scheme of a convolution by 3 x 3, or null where there is none. */
export function schemeOf({ direction, geometry: g }: ConvStep): Scheme | null {
  const [stride] = g.stride;
  const alike = stride === g.stride[1] && (g.padding[0] - g.padding[1]) % 2 === 0;
  const plain = g.groups === 1 && g.dilation[0] === 1 && g.dilation[1] === 1;
  if (!alike || !plain || g.kernel[0] !== 3 || g.kernel[1] !== 3 || stride > 2) return null;
  if (stride === 1) return six;
  return direction === "input" ? eight(g.padding[0] % 2 === 1) : nine;
}
