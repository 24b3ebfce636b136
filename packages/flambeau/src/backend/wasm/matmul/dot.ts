// The dot form of small float32 products: rows of a times columns of b, both adjacent in memory, sixteen partial sums.
// Floor L2 (backend/wasm). Order of summation: OpenBLAS 0.3.21, kernel/x86_64/sgemm_small_kernel_tn_skylakex.c

import type { Code, FunctionBuilder, Local, ModuleBuilder } from "../encoder.ts";
import { f32, f32x4, i8x16, i32, i32x4, v128 } from "../encoder.ts";
import type { Element } from "./elements.ts";
import { bump, countDown, countUp, i32s, lanes32 } from "./elements.ts";

/** c[i, j] = bias[j] + sum a[i, p] * b[j, p]; c contiguous, `bias` 0 for none, strides in bytes; `spare` 192 bytes. */
export type DotKernel = (
  a: number,
  aRow: number,
  b: number,
  bRow: number,
  c: number,
  m: number,
  n: number,
  k: number,
  bias: number,
  spare: number,
) => void;

/**
 * Whether PyTorch's BLAS takes the dot form for this product of a stored by rows and b by columns. (Its test is
 * sgemm_small_matrix_permit: other products go to the packed kernels, whose sums are chains.)
 */
export const isDotForm = (m: number, n: number, k: number): boolean =>
  k >= 32 && m * n <= 1200 && m * n * k <= 1e6;

/** r[l] is a chain over p = l, l + 16, ...: four accumulators. How the sixteen are added depends on the place in c. */
export function emitDot(module: ModuleBuilder, e: Element): void {
  const params = i32s("a", "aRow", "b", "bRow", "c", "m", "n", "k", "bias", "spare");
  module.func(
    "dot",
    params,
    [],
    (f, x) => {
      const [i, j, bj, bp, cj, p] = Array.from({ length: 6 }, () => f.local("i32")) as [
        Local,
        Local,
        Local,
        Local,
        Local,
        Local,
      ];
      const cRow = f.let("i32", i32.mul(x.n, 4));
      const rest = f.let("i32", i32.and(x.k, 15));
      const m4 = f.let("i32", i32.and(x.m, -4));
      const n4 = f.let("i32", i32.and(x.n, -4));
      // Ones in the lanes below k % 16. Loads past the end of a row bring anything, NaN too; 0 * 0 adds nothing.
      const masks = [0, 4, 8, 12].map((q) =>
        f.let("v128", i32x4.gt_s(i32x4.splat(rest), v128.constI32(q, q + 1, q + 2, q + 3))),
      );
      const sums = masks.map(() => f.local("v128")) as [Local, Local, Local, Local];
      const av = f.local("v128");
      const bv = masks.map(() => f.local("v128"));

      // `height` rows of a at once, so that their chains overlap and b is loaded once. Three fit the registers.
      const strip = (height: number): void => {
        const ap = Array.from({ length: height }, () => f.local("i32"));
        const acc = ap.map(() => masks.map(() => f.local("v128")));
        const step = (load: (address: Local, q: number) => Code): void => {
          bv.forEach((b, q) => f.set(b, load(bp, q)));
          ap.forEach((a, r) =>
            acc[r]!.forEach((s, q) => {
              f.set(av, load(a, q));
              f.set(s, e.madd(av, bv[q]!, s));
            }),
          );
        };
        f.set(bj, x.b);
        f.set(cj, x.c);
        f.set(j, 0);
        countUp(f, j, x.n, 1, () => {
          ap.forEach((a, r) => f.set(a, i32.add(x.a, i32.mul(x.aRow, r))));
          f.set(bp, bj);
          for (const s of acc.flat()) f.set(s, e.zero);
          f.set(p, i32.shr_u(x.k, 4));
          f.if(p, () =>
            countDown(f, p, () => {
              step((address, q) => v128.load(address, 16 * q));
              for (const address of [...ap, bp]) bump(f, address, 64);
            }),
          );
          f.if(rest, () => step((address, q) => v128.and(v128.load(address, 16 * q), masks[q]!)));
          // By way of memory: V8 pairs vectors into 256 bits only where they end in adjacent stores.
          acc.forEach((r, y) => r.forEach((s, q) => f.do(v128.store(x.spare, s, 64 * y + 16 * q))));
          acc.forEach((_, y) => {
            sums.forEach((s, q) => f.set(s, v128.load(x.spare, 64 * y + 16 * q)));
            addLanes(f, sums, i32.and(i32.ge_s(i32.add(i, y), m4), i32.ge_s(j, n4)));
            f.if(x.bias, () =>
              f.set(sums[0], f32x4.add(sums[0], v128.load32_splat(i32.add(x.bias, i32.mul(j, 4))))),
            );
            f.do(f32.store(i32.add(cj, i32.mul(cRow, y)), f32x4.extract_lane(sums[0], 0)));
          });
          bump(f, bj, x.bRow);
          bump(f, cj, 4);
        });
        bump(f, x.c, i32.mul(cRow, height));
        bump(f, x.a, i32.mul(x.aRow, height));
      };
      countUp(f, i, i32.sub(x.m, 2), 3, () => strip(3));
      countUp(f, i, x.m, 1, () => strip(1));
    },
    { export: true },
  );
}

/** Leaves the sum of sixteen lanes in the first lane of r[0]; `corner`: outside of the blocks of four rows or columns. */
function addLanes(f: FunctionBuilder, r: readonly [Local, Local, Local, Local], corner: Code): void {
  const swap = (v: Local, ...lanes: readonly number[]): Code => i8x16.shuffle(v, v, lanes32(...lanes));
  const sum = r[0];
  f.if(
    corner,
    () => {
      // t[l] = r[l] + r[l + 8], u[l] = t[l] + t[l + 4], (u0 + u2) + (u1 + u3).
      f.set(sum, f32x4.add(f32x4.add(r[0], r[2]), f32x4.add(r[1], r[3])));
      f.set(sum, f32x4.add(sum, swap(sum, 2, 3, 0, 1)));
      f.set(sum, f32x4.add(sum, swap(sum, 1, 0, 3, 2)));
    },
    () => {
      // L = (x0 + x1) + (x2 + x3) of each four lanes, (L0 + L1) + (L2 + L3).
      for (const s of r) {
        f.set(s, f32x4.add(s, swap(s, 1, 0, 3, 2)));
        f.set(s, f32x4.add(s, swap(s, 2, 3, 0, 1)));
      }
      f.set(sum, f32x4.add(f32x4.add(r[0], r[1]), f32x4.add(r[2], r[3])));
    },
  );
}
