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

function mixedRadix(n: number, factors: readonly number[]): Transform {
  const [cos, sin] = roots(n);
  const width = Math.max(2, ...factors);
  const tr = new Float64Array(width);
  const ti = new Float64Array(width);
  const run = (
    size: number,
    level: number,
    re: Float64Array,
    im: Float64Array,
    from: number,
    step: number,
    outRe: Float64Array,
    outIm: Float64Array,
    to: number,
  ): void => {
    const p = factors[level]!;
    const m = size / p;
    if (m === 1)
      for (let r = 0; r < p; r++) {
        outRe[to + r] = re[from + r * step]!;
        outIm[to + r] = im[from + r * step]!;
      }
    else
      for (let r = 0; r < p; r++)
        run(m, level + 1, re, im, from + r * step, step * p, outRe, outIm, to + r * m);
    const turn = n / size;
    const part = n / p;
    for (let k = 0; k < m; k++) {
      for (let r = 0; r < p; r++) {
        const at = to + r * m + k;
        const w = r * k * turn;
        tr[r] = outRe[at]! * cos[w]! - outIm[at]! * sin[w]!;
        ti[r] = outRe[at]! * sin[w]! + outIm[at]! * cos[w]!;
      }
      const at = to + k;
      if (p === 2) {
        outRe[at] = tr[0]! + tr[1]!;
        outIm[at] = ti[0]! + ti[1]!;
        outRe[at + m] = tr[0]! - tr[1]!;
        outIm[at + m] = ti[0]! - ti[1]!;
      } else if (p === 4) {
        const [ar, ai] = [tr[0]! + tr[2]!, ti[0]! + ti[2]!];
        const [br, bi] = [tr[0]! - tr[2]!, ti[0]! - ti[2]!];
        const [cr, ci] = [tr[1]! + tr[3]!, ti[1]! + ti[3]!];
        const [dr, di] = [tr[1]! - tr[3]!, ti[1]! - ti[3]!];
        outRe[at] = ar + cr;
        outIm[at] = ai + ci;
        outRe[at + m] = br + di;
        outIm[at + m] = bi - dr;
        outRe[at + 2 * m] = ar - cr;
        outIm[at + 2 * m] = ai - ci;
        outRe[at + 3 * m] = br - di;
        outIm[at + 3 * m] = bi + dr;
      } else
        for (let q = 0; q < p; q++) {
          let x = tr[0]!;
          let y = ti[0]!;
          for (let r = 1; r < p; r++) {
            const w = ((q * r) % p) * part;
            x += tr[r]! * cos[w]! - ti[r]! * sin[w]!;
            y += tr[r]! * sin[w]! + ti[r]! * cos[w]!;
          }
          outRe[at + q * m] = x;
          outIm[at + q * m] = y;
        }
    }
  };
  return (re, im, from, step, outRe, outIm) => run(n, 0, re, im, from, step, outRe, outIm, 0);
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
