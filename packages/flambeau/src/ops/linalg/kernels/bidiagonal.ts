// Singular values and vectors of upper bidiagonal matrices by implicit QR steps, without a shift where small values ask for
// it; in the order and with the signs of LAPACK's bdsqr.
// Floor L4 (ops). Source: J. Demmel, W. Kahan, Accurate singular values of bidiagonal matrices

import type { Rotation } from "./rotations.ts";
import { makeRotation, rotateRows } from "./rotations.ts";

const maxSweeps = 30;
const epsilon = Number.EPSILON / 2;
const tolerance = 90 * epsilon;

const signed = (size: number, sign: number): number => (sign < 0 || Object.is(sign, -0) ? -size : size);

/** The smaller singular value of [[f, g], [0, h]] (LAPACK's las2). */
function smallest(f: number, g: number, h: number): number {
  const [low, high] = Math.abs(f) < Math.abs(h) ? [Math.abs(f), Math.abs(h)] : [Math.abs(h), Math.abs(f)];
  if (low === 0) return 0;
  const a = 1 + low / high;
  const b = (high - low) / high;
  const off = Math.abs(g);
  if (off < high) {
    const u = (off / high) ** 2;
    return (2 * low) / (Math.sqrt(a * a + u) + Math.sqrt(b * b + u));
  }
  const u = high / off;
  if (u === 0) return (low * high) / off;
  return (2 * low * u) / (Math.sqrt(1 + (a * u) ** 2) + Math.sqrt(1 + (b * u) ** 2));
}

/** The decomposition of [[f, g], [0, h]]: what multiplied by `left` and `right` it is diag(large, small) (LAPACK's lasv2). */
interface Pair {
  large: number;
  small: number;
  cl: number;
  sl: number;
  cr: number;
  sr: number;
}

function decomposePair(f: number, g: number, h: number, out: Pair): void {
  const swap = Math.abs(h) > Math.abs(f);
  const [top, bottom] = swap ? [h, f] : [f, h];
  const ft = Math.abs(top);
  const ht = Math.abs(bottom);
  const gt = Math.abs(g);
  let [cl, sl, cr, sr] = [1, 0, 1, 0];
  let large = ft;
  let small = ht;
  let widest: "f" | "g" | "h" = swap ? "h" : "f";
  if (gt !== 0) {
    if (gt > ft) widest = "g";
    if (gt > ft && ft / gt < epsilon) {
      large = gt;
      small = ht > 1 ? ft / (gt / ht) : (ft / gt) * ht;
      [cl, sl, cr, sr] = [1, bottom / g, top / g, 1];
    } else {
      const d = ft - ht;
      let l = d === ft ? 1 : d / ft;
      const m = g / top;
      let t = 2 - l;
      const s = Math.sqrt(t * t + m * m);
      const r = l === 0 ? Math.abs(m) : Math.sqrt(l * l + m * m);
      const a = (s + r) / 2;
      small = ht / a;
      large = ft * a;
      if (m * m === 0) t = l === 0 ? signed(2, top) * signed(1, g) : g / signed(d, top) + m / t;
      else t = (m / (s + t) + m / (r + l)) * (1 + a);
      l = Math.sqrt(t * t + 4);
      cr = 2 / l;
      sr = t / l;
      cl = (cr + sr * m) / a;
      sl = ((bottom / top) * sr) / a;
    }
  }
  if (swap) [cl, sl, cr, sr] = [sr, cr, sl, cl];
  const sign =
    widest === "f"
      ? signed(1, cr) * signed(1, cl) * signed(1, f)
      : widest === "g"
        ? signed(1, sr) * signed(1, cl) * signed(1, g)
        : signed(1, sr) * signed(1, sl) * signed(1, h);
  out.large = signed(large, sign);
  out.small = signed(small, sign * signed(1, f) * signed(1, h));
  out.cl = cl;
  out.sl = sl;
  out.cr = cr;
  out.sr = sr;
}

const q: Rotation = { c: 1, s: 0, r: 0 };

/** A bidiagonal matrix, the rotations of its columns (rows of v) and of its rows (rows of u), and the size of both. */
interface State {
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly n: number;
  readonly u: Float64Array | null;
  readonly v: Float64Array | null;
}

const turn = (z: Float64Array | null, n: number, i: number, c: number, s: number): void => {
  if (z) rotateRows(z, i * n, (i + 1) * n, n, c, s);
};

/** A lower bidiagonal matrix (e below the diagonal) becomes upper bidiagonal. */
export function lowerToUpper(d: Float64Array, e: Float64Array, n: number, u: Float64Array | null): void {
  for (let i = 0; i < n - 1; i++) {
    makeRotation(d[i]!, e[i]!, q);
    d[i] = q.r;
    e[i] = q.s * d[i + 1]!;
    d[i + 1]! *= q.c;
    turn(u, n, i, q.c, q.s);
  }
}

/** Makes e zero; d is left with the singular values, with signs and not sorted. @returns false after too many steps */
export function diagonalise(
  d: Float64Array,
  e: Float64Array,
  n: number,
  u: Float64Array | null,
  v: Float64Array | null,
): boolean {
  const state: State = { d, e, n, u, v };
  const pair: Pair = { large: 0, small: 0, cl: 1, sl: 0, cr: 1, sr: 0 };
  // What is smaller than this does not change the smallest singular value.
  let least = Math.abs(d[0] ?? 0);
  for (let i = 1, mu = least; i < n && least > 0; i++) {
    mu = Math.abs(d[i]!) * (mu / (mu + Math.abs(e[i - 1]!)));
    least = Math.min(least, mu);
  }
  const threshold = Math.max((tolerance * least) / Math.sqrt(Math.max(n, 1)), maxSweeps * n * n * 2 ** -1022);
  let steps = maxSweeps * n * n;
  let oldLow = -1;
  let oldHigh = -1;
  let down = true;
  for (let high = n - 1; high > 0; ) {
    let largest = Math.abs(d[high]!);
    let low = high;
    while (low > 0 && Math.abs(e[low - 1]!) > threshold) {
      low--;
      largest = Math.max(largest, Math.abs(d[low]!), Math.abs(e[low]!));
    }
    if (low > 0) e[low - 1] = 0;
    if (low === high) {
      high--;
      continue;
    }
    if (low === high - 1) {
      decomposePair(d[low]!, e[low]!, d[high]!, pair);
      d[low] = pair.large;
      e[low] = 0;
      d[high] = pair.small;
      turn(v, n, low, pair.cr, pair.sr);
      turn(u, n, low, pair.cl, pair.sl);
      high -= 2;
      continue;
    }
    // A new block is worked on from its larger end.
    if (low > oldHigh || high < oldLow) down = Math.abs(d[low]!) >= Math.abs(d[high]!);
    const smallestSeen = converge(state, low, high, down);
    if (smallestSeen === null) continue;
    oldLow = low;
    oldHigh = high;
    if (steps-- <= 0) return false;
    const shift = shiftOf(state, low, high, down, smallestSeen, largest);
    if (down) (shift === 0 ? plainDown : shiftedDown)(state, low, high, shift);
    else (shift === 0 ? plainUp : shiftedUp)(state, low, high, shift);
    const end = down ? high - 1 : low;
    if (Math.abs(e[end]!) <= threshold) e[end] = 0;
  }
  return true;
}

/** Drops what is negligible off the diagonal: null if something was, else a lower bound on the singular values. */
function converge({ d, e }: State, low: number, high: number, down: boolean): number | null {
  const end = down ? high - 1 : low;
  if (Math.abs(e[end]!) <= tolerance * Math.abs(d[down ? high : low]!)) {
    e[end] = 0;
    return null;
  }
  let mu = Math.abs(d[down ? low : high]!);
  let least = mu;
  for (let step = 0; step < high - low; step++) {
    const i = down ? low + step : high - 1 - step;
    const size = Math.abs(e[i]!);
    if (size <= tolerance * mu) {
      e[i] = 0;
      return null;
    }
    mu = Math.abs(d[down ? i + 1 : i]!) * (mu / (mu + size));
    least = Math.min(least, mu);
  }
  return least;
}

/** The shift, or 0 where it would spoil small singular values. */
function shiftOf(
  { d, e, n }: State,
  low: number,
  high: number,
  down: boolean,
  least: number,
  largest: number,
): number {
  if (n * tolerance * (least / largest) <= Math.max(epsilon, 0.01 * tolerance)) return 0;
  const shift = down
    ? smallest(d[high - 1]!, e[high - 1]!, d[high]!)
    : smallest(d[low]!, e[low]!, d[low + 1]!);
  const start = Math.abs(d[down ? low : high]!);
  return start > 0 && (shift / start) ** 2 < epsilon ? 0 : shift;
}

function plainDown({ d, e, n, u, v }: State, low: number, high: number): void {
  let c = 1;
  let oldC = 1;
  let oldS = 0;
  for (let i = low; i < high; i++) {
    makeRotation(d[i]! * c, e[i]!, q);
    c = q.c;
    const { s, r } = q;
    if (i > low) e[i - 1] = oldS * r;
    makeRotation(oldC * r, d[i + 1]! * s, q);
    oldC = q.c;
    oldS = q.s;
    d[i] = q.r;
    turn(v, n, i, c, s);
    turn(u, n, i, oldC, oldS);
  }
  const h = d[high]! * c;
  d[high] = h * oldC;
  e[high - 1] = h * oldS;
}

function plainUp({ d, e, n, u, v }: State, low: number, high: number): void {
  let c = 1;
  let oldC = 1;
  let oldS = 0;
  for (let i = high; i > low; i--) {
    makeRotation(d[i]! * c, e[i - 1]!, q);
    c = q.c;
    const { s, r } = q;
    if (i < high) e[i] = oldS * r;
    makeRotation(oldC * r, d[i - 1]! * s, q);
    oldC = q.c;
    oldS = q.s;
    d[i] = q.r;
    turn(v, n, i - 1, oldC, -oldS);
    turn(u, n, i - 1, c, -s);
  }
  const h = d[low]! * c;
  d[low] = h * oldC;
  e[low] = h * oldS;
}

const startOf = (x: number, shift: number): number => (Math.abs(x) - shift) * (signed(1, x) + shift / x);

function shiftedDown({ d, e, n, u, v }: State, low: number, high: number, shift: number): void {
  let f = startOf(d[low]!, shift);
  let g = e[low]!;
  for (let i = low; i < high; i++) {
    makeRotation(f, g, q);
    if (i > low) e[i - 1] = q.r;
    f = q.c * d[i]! + q.s * e[i]!;
    e[i] = q.c * e[i]! - q.s * d[i]!;
    g = q.s * d[i + 1]!;
    d[i + 1]! *= q.c;
    turn(v, n, i, q.c, q.s);
    makeRotation(f, g, q);
    d[i] = q.r;
    f = q.c * e[i]! + q.s * d[i + 1]!;
    d[i + 1] = q.c * d[i + 1]! - q.s * e[i]!;
    if (i < high - 1) {
      g = q.s * e[i + 1]!;
      e[i + 1]! *= q.c;
    }
    turn(u, n, i, q.c, q.s);
  }
  e[high - 1] = f;
}

function shiftedUp({ d, e, n, u, v }: State, low: number, high: number, shift: number): void {
  let f = startOf(d[high]!, shift);
  let g = e[high - 1]!;
  for (let i = high; i > low; i--) {
    makeRotation(f, g, q);
    if (i < high) e[i] = q.r;
    f = q.c * d[i]! + q.s * e[i - 1]!;
    e[i - 1] = q.c * e[i - 1]! - q.s * d[i]!;
    g = q.s * d[i - 1]!;
    d[i - 1]! *= q.c;
    turn(u, n, i - 1, q.c, -q.s);
    makeRotation(f, g, q);
    d[i] = q.r;
    f = q.c * e[i - 1]! + q.s * d[i - 1]!;
    d[i - 1] = q.c * d[i - 1]! - q.s * e[i - 1]!;
    if (i > low + 1) {
      g = q.s * e[i - 2]!;
      e[i - 2]! *= q.c;
    }
    turn(v, n, i - 1, q.c, -q.s);
  }
  e[low] = f;
}
