// Discrete Fourier transforms of any length, over arrays of doubles.
// Floor L0 (base). Source: https://en.wikipedia.org/wiki/Cooley-Tukey_FFT_algorithm (mixed radix) and
// https://en.wikipedia.org/wiki/Chirp_Z-transform#Bluestein's_algorithm (lengths with large prime factors).

/** X[k] = sum_j x[j] e^(-2 pi i j k / n), read from (re, im) at `from` in steps, written to (outRe, outIm) from 0. */
type Transform = (
  re: Float64Array,
  im: Float64Array,
  from: number,
  step: number,
  outRe: Float64Array,
  outIm: Float64Array,
) => void;

/** Larger prime factors than this are left to Bluestein's algorithm. */
const largestRadix = 31;

/** The prime factors of n, fours first. */
function factorsOf(n: number): number[] {
  const found: number[] = [];
  let rest = n;
  for (; rest % 4 === 0; rest /= 4) found.push(4);
  for (let p = 2; rest > 1; p++) {
    if (p * p > rest) p = rest;
    for (; rest % p === 0; rest /= p) found.push(p);
  }
  return found;
}

/** e^(-2 pi i k / n) for k < n; the angle is reduced to an eighth of a turn, where sine and cosine are exact to the bit. */
function roots(n: number): [cos: Float64Array, sin: Float64Array] {
  const cos = new Float64Array(n);
  const sin = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const octant = Math.floor((8 * k) / n);
    // The angle is that of k - octant * n / 8, or what is missing to the next octant.
    const over = 8 * k - octant * n;
    const angle = ((octant % 2 === 0 ? over : n - over) * Math.PI) / (4 * n);
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const flipped = octant % 4 === 1 || octant % 4 === 2;
    const [x, y] = flipped ? [s, c] : [c, s];
    cos[k] = octant >= 2 && octant < 6 ? -x : x;
    sin[k] = octant >= 4 ? y : -y;
  }
  return [cos, sin];
}

/** A step of a transform of length n: joins the transforms of p interleaved parts, m terms each, `turn` apart in the roots. */
type Join = (re: Float64Array, im: Float64Array, to: number, m: number, turn: number) => void;

const joinTwo =
  (cos: Float64Array, sin: Float64Array): Join =>
  (re, im, to, m, turn) => {
    for (let k = 0, at = to, w = 0; k < m; k++, at++, w += turn) {
      const c = cos[w]!;
      const s = sin[w]!;
      const x = re[at + m]!;
      const y = im[at + m]!;
      const br = x * c - y * s;
      const bi = x * s + y * c;
      const ar = re[at]!;
      const ai = im[at]!;
      re[at] = ar + br;
      im[at] = ai + bi;
      re[at + m] = ar - br;
      im[at + m] = ai - bi;
    }
  };

const joinFour =
  (cos: Float64Array, sin: Float64Array): Join =>
  (re, im, to, m, turn) => {
    const m2 = 2 * m;
    const m3 = 3 * m;
    for (let k = 0, at = to, w = 0; k < m; k++, at++, w += turn) {
      const x1 = re[at + m]!;
      const y1 = im[at + m]!;
      const x2 = re[at + m2]!;
      const y2 = im[at + m2]!;
      const x3 = re[at + m3]!;
      const y3 = im[at + m3]!;
      const c1 = cos[w]!;
      const s1 = sin[w]!;
      const c2 = cos[2 * w]!;
      const s2 = sin[2 * w]!;
      const c3 = cos[3 * w]!;
      const s3 = sin[3 * w]!;
      const tr1 = x1 * c1 - y1 * s1;
      const ti1 = x1 * s1 + y1 * c1;
      const tr2 = x2 * c2 - y2 * s2;
      const ti2 = x2 * s2 + y2 * c2;
      const tr3 = x3 * c3 - y3 * s3;
      const ti3 = x3 * s3 + y3 * c3;
      const ar = re[at]! + tr2;
      const ai = im[at]! + ti2;
      const br = re[at]! - tr2;
      const bi = im[at]! - ti2;
      const cr = tr1 + tr3;
      const ci = ti1 + ti3;
      const dr = tr1 - tr3;
      const di = ti1 - ti3;
      re[at] = ar + cr;
      im[at] = ai + ci;
      re[at + m] = br + di;
      im[at + m] = bi - dr;
      re[at + m2] = ar - cr;
      im[at + m2] = ai - ci;
      re[at + m3] = br - di;
      im[at + m3] = bi + dr;
    }
  };

function joinAny(cos: Float64Array, sin: Float64Array, p: number): Join {
  const n = cos.length;
  const part = n / p;
  const tr = new Float64Array(p);
  const ti = new Float64Array(p);
  return (re, im, to, m, turn) => {
    for (let k = 0; k < m; k++) {
      for (let r = 0; r < p; r++) {
        const at = to + r * m + k;
        const w = r * k * turn;
        tr[r] = re[at]! * cos[w]! - im[at]! * sin[w]!;
        ti[r] = re[at]! * sin[w]! + im[at]! * cos[w]!;
      }
      for (let q = 0; q < p; q++) {
        let x = tr[0]!;
        let y = ti[0]!;
        for (let r = 1, w = q * part; r < p; r++, w += q * part) {
          if (w >= n) w -= n;
          x += tr[r]! * cos[w]! - ti[r]! * sin[w]!;
          y += tr[r]! * sin[w]! + ti[r]! * cos[w]!;
        }
        re[to + q * m + k] = x;
        im[to + q * m + k] = y;
      }
    }
  };
}

function mixedRadix(n: number, factors: readonly number[]): Transform {
  const [cos, sin] = roots(n);
  const two = joinTwo(cos, sin);
  const four = joinFour(cos, sin);
  const joins = factors.map((p) => (p === 2 ? two : p === 4 ? four : joinAny(cos, sin, p)));
  // Where element i of the input stands after all parts have been taken apart.
  const places = new Int32Array(n);
  const place = (level: number, from: number, step: number, to: number, size: number): void => {
    if (level === factors.length) {
      places[to] = from;
      return;
    }
    const p = factors[level]!;
    const m = size / p;
    for (let r = 0; r < p; r++) place(level + 1, from + r * step, step * p, to + r * m, m);
  };
  place(0, 0, 1, 0, n);
  return (re, im, from, step, outRe, outIm) => {
    for (let i = 0; i < n; i++) {
      const at = from + places[i]! * step;
      outRe[i] = re[at]!;
      outIm[i] = im[at]!;
    }
    for (let level = factors.length - 1, m = 1; level >= 0; level--) {
      const size = m * factors[level]!;
      const join = joins[level]!;
      for (let to = 0; to < n; to += size) join(outRe, outIm, to, m, n / size);
      m = size;
    }
  };
}

/** j k = (j^2 + k^2 - (k - j)^2) / 2 makes the transform a convolution, which transforms of a power of 2 compute. */
function bluestein(n: number): Transform {
  let size = 1;
  while (size < 2 * n - 1) size *= 2;
  const power = mixedRadix(size, factorsOf(size));
  const [cos, sin] = roots(2 * n);
  const square = (j: number): number => (j * j) % (2 * n);
  const cr = Float64Array.from({ length: n }, (_, j) => cos[square(j)]!);
  const ci = Float64Array.from({ length: n }, (_, j) => sin[square(j)]!);
  const fresh = (): Float64Array => new Float64Array(size);
  const [xr, xi, kr, ki, yr, yi] = [fresh(), fresh(), fresh(), fresh(), fresh(), fresh()];
  for (let j = 0; j < n; j++) {
    xr[j] = cr[j]!;
    xi[j] = -ci[j]!;
    if (j > 0) {
      xr[size - j] = xr[j]!;
      xi[size - j] = xi[j]!;
    }
  }
  power(xr, xi, 0, 1, kr, ki);
  return (re, im, from, step, outRe, outIm) => {
    xr.fill(0, n);
    xi.fill(0, n);
    for (let j = 0; j < n; j++) {
      const [a, b] = [re[from + j * step]!, im[from + j * step]!];
      xr[j] = a * cr[j]! - b * ci[j]!;
      xi[j] = a * ci[j]! + b * cr[j]!;
    }
    power(xr, xi, 0, 1, yr, yi);
    for (let j = 0; j < size; j++) {
      const [a, b] = [yr[j]!, yi[j]!];
      yr[j] = a * kr[j]! - b * ki[j]!;
      yi[j] = a * ki[j]! + b * kr[j]!;
    }
    // Exchanging real and imaginary parts turns a transform into its inverse, but for the factor.
    power(yi, yr, 0, 1, xi, xr);
    for (let k = 0; k < n; k++) {
      const [a, b] = [xr[k]! / size, xi[k]! / size];
      outRe[k] = a * cr[k]! - b * ci[k]!;
      outIm[k] = a * ci[k]! + b * cr[k]!;
    }
  };
}

/** What is prepared for a length; the most recent few are kept. */
const plans = new Map<number, Transform>();
const kept = 16;

function planFor(n: number): Transform {
  const known = plans.get(n);
  if (known) return known;
  const factors = factorsOf(n);
  const made = Math.max(...factors) > largestRadix ? bluestein(n) : mixedRadix(n, factors);
  if (plans.size >= kept) plans.delete(plans.keys().next().value!);
  plans.set(n, made);
  return made;
}

/**
 * The transform of every line along one dimension of row-major data [outer, n, inner], in place and without a factor;
 * `inverse` is the sign of the exponent.
 */
export function transformLines(
  re: Float64Array,
  im: Float64Array,
  outer: number,
  n: number,
  inner: number,
  inverse: boolean,
): void {
  if (n < 2) return;
  const run = planFor(n);
  const outRe = new Float64Array(n);
  const outIm = new Float64Array(n);
  const [a, b, c, d] = inverse ? [im, re, outIm, outRe] : [re, im, outRe, outIm];
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const from = o * n * inner + i;
      run(a, b, from, inner, c, d);
      for (let k = 0; k < n; k++) {
        re[from + k * inner] = outRe[k]!;
        im[from + k * inner] = outIm[k]!;
      }
    }
}
