// Plane rotations, with the signs that LAPACK gives them.
// Floor L4 (ops). Source: D. Bindel, J. Demmel, W. Kahan, O. Marques, On computing Givens rotations reliably and efficiently

/** A rotation and what it makes of two numbers: c f + s g = r, c g - s f = 0. Written over by every call, to save memory. */
export interface Rotation {
  c: number;
  s: number;
  r: number;
}

/** The rotation that takes (f, g) to (r, 0); c is not negative, r has the sign of f (LAPACK's lartg). */
export function makeRotation(f: number, g: number, out: Rotation): void {
  if (g === 0) {
    out.c = 1;
    out.s = 0;
    out.r = f;
    return;
  }
  if (f === 0) {
    out.c = 0;
    out.s = g < 0 ? -1 : 1;
    out.r = Math.abs(g);
    return;
  }
  const a = Math.abs(f);
  const b = Math.abs(g);
  const safe = a > 1e-140 && b > 1e-140 && a < 1e140 && b < 1e140;
  const norm = safe ? Math.sqrt(f * f + g * g) : Math.hypot(f, g);
  out.c = a / norm;
  out.r = f < 0 ? -norm : norm;
  out.s = g / out.r;
}

/** Rows x and y of n elements become c x + s y and c y - s x. */
export function rotateRows(z: Float64Array, x: number, y: number, n: number, c: number, s: number): void {
  if (s === 0 && c === 1) return;
  for (let k = 0; k < n; k++) {
    const f = z[x + k]!;
    const g = z[y + k]!;
    z[x + k] = c * f + s * g;
    z[y + k] = c * g - s * f;
  }
}
