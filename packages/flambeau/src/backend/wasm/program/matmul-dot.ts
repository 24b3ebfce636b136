// Products of rows with rows, both adjacent along k: partial sums along k in vectors, added up at the end. For few rows of a, where
// turning b into panels would cost more than the product.
// Floor L2 (backend/wasm/program).

import type { Code, Local } from "../encoder.ts";
import { f32x4, v128 } from "../encoder.ts";
import type { Group } from "../lanes.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countDown, transposed } from "../matmul/elements.ts";
import { storeVectors } from "../stores.ts";
import type { Context } from "./context.ts";
import type { Cut } from "./matmul-loops.ts";
import { evenCut, everyPiece, onePiece, pointer, sharedPairs } from "./matmul-loops.ts";
import { packPanel } from "./matmul-pack.ts";
import type { Problem } from "./matmul-problem.ts";
import type { Index } from "./matmul-results.ts";
import { place, placesOf, Results, scalarBytes, scaled, sumOf } from "./matmul-results.ts";

export interface DotPlan {
  readonly kind: "dot";
  readonly rows: Cut;
  readonly cols: Cut;
  /** Whether a, which then has one row, is copied first. */
  readonly copied: boolean;
  readonly sharedBytes: number;
  readonly ownBytes: number;
}

/** Rows of a that are used at once, and of b when there are several, or one. */
const most = { rows: 3, cols: 4, colsOfOne: 8 } as const;
/** Room for the partial sums of a tile: 12 pairs of vectors, or 2 times 8 vectors. */
const spareBytes = 24 * 16;

/** How to compute a product as dots; null where that is not good. */
export function planDot(p: Problem, el: Element): DotPlan | null {
  if (el.bytes !== 4 || p.k < 8 || p.b.row !== el.bytes) return null;
  // Turning costs about 0.4 cycles an element of b, adding up 5 cycles an element of the product.
  if (p.m > 1 && (p.a.col !== el.bytes || p.m > p.k / 12)) return null;
  const copied = p.a.col !== el.bytes;
  if (copied && p.batch > 1) return null;
  return {
    kind: "dot",
    rows: evenCut(p.m, most.rows),
    cols: evenCut(p.n, p.m === 1 ? most.colsOfOne : most.cols),
    copied,
    sharedBytes: 0,
    ownBytes: spareBytes + (copied ? 4 * p.k + 64 : 0) + scalarBytes(p),
  };
}

export function emitDot(c: Context, p: Problem, el: Element, plan: DotPlan): void {
  const { f } = c;
  const [first, b] = (p.turned ? [c.addresses[1], c.addresses[0]] : c.addresses) as readonly [Local, Local];
  const cells = sumOf(c.own, plan.ownBytes - scalarBytes(p));
  const results = new Results(c.e, p, placesOf(c.e, p, c.addresses.slice(2), cells));
  let a = first;
  if (plan.copied) {
    a = pointer(f, sumOf(c.own, spareBytes));
    f.do(packPanel(c.module, el, { row: p.a.col, col: 0 }, first, a, el.bytes, 1, p.k));
  }
  const aRow = plan.copied ? 0 : p.a.row;
  const tile = (height: number, i: Index, width: number, j: Index, t: Index): void => {
    const ap = pointer(f, sumOf(a, scaled(t, p.a.batch), scaled(i, aRow)));
    const bp = pointer(f, sumOf(b, scaled(t, p.b.batch), scaled(j, p.b.col)));
    const sums = emitDots(c, el, { height, width, aRow, bCol: p.b.col, k: p.k }, ap, bp);
    results.moveTo(t, i, j);
    results.write(height, width, (r, g) => sums[r]![g]!);
  };
  sharedPairs(c, p.batch, plan.cols.count, (t, piece) =>
    onePiece(f, plan.cols, piece, (width, _, j) =>
      everyPiece(f, plan.rows, (height, __, i) => tile(height, i, width, j, t)),
    ),
  );
}

interface Dots {
  readonly height: number;
  readonly width: number;
  readonly aRow: number;
  readonly bCol: number;
  readonly k: number;
}

/** Sums of `height` rows of a by `width` rows of b, by row and group. Moves a and b. */
function emitDots(
  c: Context,
  el: Element,
  { height, width, aRow, bCol, k }: Dots,
  a: Local,
  b: Local,
): Group[][] {
  const { f } = c;
  const pairs = height * width;
  // Vectors of partial sums: eight pairs of them hide the latency.
  let parts = pairs <= 2 ? 8 : pairs <= 5 ? 4 : 2;
  while (parts > 2 && 4 * parts > k) parts /= 2;
  const tile = (): Local[][] =>
    Array.from({ length: height }, () => Array.from({ length: width }, () => f.let("v128", el.zero)));
  const acc = Array.from({ length: parts }, tile);
  const av = acc.map(() => Array.from({ length: height }, () => f.local("v128")));
  const bv = acc.map(() => f.local("v128"));
  /** Adds the elements from `at` vectors on, `count` vectors of them, to as many parts. */
  const step = (sums: readonly Local[][][], at: number, mask: Local | null): void => {
    const load = (p: Local, offset: number): Code => {
      const x = v128.load(...place(p, offset));
      return mask ? v128.and(x, mask) : x;
    };
    for (let r = 0; r < height; r++)
      sums.forEach((_, q) => f.set(av[q]![r]!, load(a, r * aRow + 16 * (at + q))));
    for (let s = 0; s < width; s++) {
      sums.forEach((_, q) => f.set(bv[q]!, load(b, s * bCol + 16 * (at + q))));
      for (let r = 0; r < height; r++)
        sums.forEach((part, q) => f.set(part[r]![s]!, el.madd(av[q]![r]!, bv[q]!, part[r]![s]!)));
    }
  };
  const rounds = Math.floor(k / (4 * parts));
  if (rounds > 1) {
    countDown(f, f.let("i32", rounds), () => {
      step(acc, 0, null);
      bump(f, a, 16 * parts);
      bump(f, b, 16 * parts);
    });
  } else if (rounds === 1) {
    step(acc, 0, null);
  }
  let at = rounds === 1 ? parts : 0;
  let left = k - rounds * 4 * parts;
  for (; left >= 8; left -= 8, at += 2) step(acc.slice(0, 2), at, null);
  // What does not fill a pair of vectors has sums of its own: it would keep the others from pairing up.
  const rest = left > 0 ? tile() : null;
  for (; left > 0; left -= 4, at++) {
    // Loads past the end of a row bring anything, NaN too; 0 * 0 adds nothing.
    const lanes = [0, 1, 2, 3].map((lane) => (lane < left ? -1 : 0)) as [number, number, number, number];
    step([rest!], at, left < 4 ? f.let("v128", v128.constI32(...lanes)) : null);
  }
  // By way of memory: V8 pairs vectors into 256 bits only where they end in adjacent stores.
  const spare = (r: number, s: number, q: number): number => 16 * ((r * width + s) * parts + q);
  for (let r = 0; r < height; r++)
    for (let s = 0; s < width; s++)
      storeVectors(
        f,
        acc.map((part) => part[r]![s]!),
        c.own,
        spare(r, s, 0),
      );
  const zero = f.let("v128", v128.constI32(0));
  return Array.from({ length: height }, (_, r) =>
    Array.from({ length: Math.ceil(width / 4) }, (_, g) => {
      const four = [0, 1, 2, 3].map((lane) => {
        const s = 4 * g + lane;
        if (s >= width) return zero;
        const terms: (Code | Local)[] = acc.map((_, q) => v128.load(c.own, spare(r, s, q)));
        if (rest) terms.push(rest[r]![s]!);
        while (terms.length > 1) terms.push(f32x4.add(terms.shift()!, terms.shift()!));
        return f.let("v128", terms[0]!);
      });
      const [x, y, z, w] = transposed(f, el, four) as [Local, Local, Local, Local];
      return [f.let("v128", f32x4.add(f32x4.add(x, y), f32x4.add(z, w)))];
    }),
  );
}
