// Eigenvalues and eigenvectors of symmetric tridiagonal matrices by implicit QL and QR steps, in the order and with the
// signs of LAPACK's steqr.
// Floor L4 (ops). Source: B. N. Parlett, The Symmetric Eigenvalue Problem, 8; A. Greenbaum, J. Dongarra, LAPACK working note 17

import type { Rotation } from "./rotations.ts";
import { makeRotation, rotateRows } from "./rotations.ts";

const maxSweeps = 60;
const epsilon = Number.EPSILON / 2;
const tiny = 2 ** -1022;

/** The eigenvalues of [[a, b], [b, c]], the one of larger size first, and the unit vector (c, s) of it (LAPACK's laev2). */
function smallEigen(a: number, b: number, c: number, out: Rotation): [number, number] {
  const sum = a + c;
  const difference = a - c;
  const twice = b + b;
  const root = Math.hypot(difference, twice);
  const [large, small] = Math.abs(a) > Math.abs(c) ? [a, c] : [c, a];
  let first: number;
  let second: number;
  let negative = false;
  if (sum === 0) {
    first = root / 2;
    second = -root / 2;
  } else {
    negative = sum < 0;
    first = (negative ? sum - root : sum + root) / 2;
    second = (large / first) * small - (b / first) * b;
  }
  const up = difference >= 0;
  const cs = up ? difference + root : difference - root;
  if (Math.abs(cs) > Math.abs(twice)) {
    const t = -twice / cs;
    out.s = 1 / Math.sqrt(1 + t * t);
    out.c = t * out.s;
  } else if (twice === 0) {
    out.c = 1;
    out.s = 0;
  } else {
    const t = -cs / twice;
    out.c = 1 / Math.sqrt(1 + t * t);
    out.s = t * out.c;
  }
  if (negative !== up) {
    const t = out.c;
    out.c = -out.s;
    out.s = t;
  }
  return [first, second];
}

/**
 * Makes the off-diagonal e (of n - 1 elements) zero and leaves the eigenvalues in d, not sorted. The rotations are applied
 * to the rows of z: if z is the identity before, the eigenvectors are its rows.
 * @returns false if that takes too many steps
 */
export function diagonaliseSymmetric(
  d: Float64Array,
  e: Float64Array,
  n: number,
  z: Float64Array | null,
): boolean {
  let start = 0;
  let steps = maxSweeps * n;
  while (start < n) {
    // The next block without a zero off the diagonal: first..last.
    let last = start;
    for (; last < n - 1; last++) {
      const size = Math.abs(e[last]!);
      if (size === 0) break;
      if (size <= Math.sqrt(Math.abs(d[last]!)) * Math.sqrt(Math.abs(d[last + 1]!)) * epsilon) {
        e[last] = 0;
        break;
      }
    }
    const first = start;
    start = last + 1;
    if (first === last) continue;
    // From the larger end to the smaller one.
    const down = Math.abs(d[last]!) < Math.abs(d[first]!);
    steps = down ? workUp(d, e, n, z, first, last, steps) : workDown(d, e, n, z, first, last, steps);
    if (steps < 0) return false;
  }
  return true;
}

const q: Rotation = { c: 1, s: 0, r: 0 };

const negligible = (e: number, a: number, b: number): boolean =>
  e * e <= epsilon * epsilon * Math.abs(a) * Math.abs(b) + tiny;

/** QL steps: eigenvalues appear from `l` upwards. Returns the number of steps that are left. */
function workDown(
  d: Float64Array,
  e: Float64Array,
  n: number,
  z: Float64Array | null,
  first: number,
  end: number,
  budget: number,
): number {
  let steps = budget;
  for (let l = first; l <= end; ) {
    let m = l;
    while (m < end && !negligible(e[m]!, d[m]!, d[m + 1]!)) m++;
    if (m < end) e[m] = 0;
    if (m === l) {
      l++;
      continue;
    }
    if (m === l + 1) {
      [d[l], d[l + 1]] = smallEigen(d[l]!, e[l]!, d[l + 1]!, q);
      if (z) rotateRows(z, l * n, (l + 1) * n, n, q.c, q.s);
      e[l] = 0;
      l += 2;
      continue;
    }
    if (steps-- === 0) return -1;
    let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
    let r = Math.hypot(g, 1);
    g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
    let s = 1;
    let c = 1;
    let p = 0;
    for (let i = m - 1; i >= l; i--) {
      const f = s * e[i]!;
      const b = c * e[i]!;
      makeRotation(g, f, q);
      c = q.c;
      s = q.s;
      if (i !== m - 1) e[i + 1] = q.r;
      g = d[i + 1]! - p;
      r = (d[i]! - g) * s + 2 * c * b;
      p = s * r;
      d[i + 1] = g + p;
      g = c * r - b;
      if (z) rotateRows(z, i * n, (i + 1) * n, n, c, -s);
    }
    d[l]! -= p;
    e[l] = g;
  }
  return steps;
}

/** QR steps: eigenvalues appear from `l` downwards. */
function workUp(
  d: Float64Array,
  e: Float64Array,
  n: number,
  z: Float64Array | null,
  end: number,
  last: number,
  budget: number,
): number {
  let steps = budget;
  for (let l = last; l >= end; ) {
    let m = l;
    while (m > end && !negligible(e[m - 1]!, d[m]!, d[m - 1]!)) m--;
    if (m > end) e[m - 1] = 0;
    if (m === l) {
      l--;
      continue;
    }
    if (m === l - 1) {
      [d[l - 1], d[l]] = smallEigen(d[l - 1]!, e[l - 1]!, d[l]!, q);
      if (z) rotateRows(z, (l - 1) * n, l * n, n, q.c, q.s);
      e[l - 1] = 0;
      l -= 2;
      continue;
    }
    if (steps-- === 0) return -1;
    let g = (d[l - 1]! - d[l]!) / (2 * e[l - 1]!);
    let r = Math.hypot(g, 1);
    g = d[m]! - d[l]! + e[l - 1]! / (g + (g >= 0 ? r : -r));
    let s = 1;
    let c = 1;
    let p = 0;
    for (let i = m; i < l; i++) {
      const f = s * e[i]!;
      const b = c * e[i]!;
      makeRotation(g, f, q);
      c = q.c;
      s = q.s;
      if (i !== m) e[i - 1] = q.r;
      g = d[i]! - p;
      r = (d[i + 1]! - g) * s + 2 * c * b;
      p = s * r;
      d[i] = g + p;
      g = c * r - b;
      if (z) rotateRows(z, i * n, (i + 1) * n, n, c, s);
    }
    d[l]! -= p;
    e[l - 1] = g;
  }
  return steps;
}
