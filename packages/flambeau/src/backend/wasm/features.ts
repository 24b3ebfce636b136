// What this machine's WebAssembly can do: vectors, relaxed vectors, and whether relaxed_madd rounds once.
// Floor L2 (backend/wasm).

import { f32x4, f64x2, instantiate, ModuleBuilder } from "./encoder.ts";

export interface Features {
  /** 128-bit vectors; the backend needs them. */
  readonly simd: boolean;
  /** relaxed_madd exists. */
  readonly relaxedSimd: boolean;
  /** relaxed_madd rounds once (FMA3, NEON); where it rounds twice it is exactly mul and add. */
  readonly fusedMadd: boolean;
}

let found: Features | null = null;

/** Probes on the first call: one tiny module, about 0.2 ms. */
export function features(): Features {
  return (found ??= probe());
}

/** For tests: kernels compiled from now on are for such a machine; null is the real one. */
export function assumeFeatures(features: Features | null): void {
  found = features;
}

function probe(): Features {
  const plain = new ModuleBuilder();
  plain.func("f", {}, ["f32"], (f) => f.do(f32x4.extract_lane(f32x4.splat(1), 0)));
  const simd = WebAssembly.validate(plain.finish());

  const m = new ModuleBuilder();
  m.func(
    "madd32",
    { x: "f32", y: "f32", z: "f32" },
    ["f32"],
    (f, { x, y, z }) =>
      f.do(f32x4.extract_lane(f32x4.relaxed_madd(f32x4.splat(x), f32x4.splat(y), f32x4.splat(z)), 0)),
    { export: true },
  );
  m.func(
    "madd64",
    { x: "f64", y: "f64", z: "f64" },
    ["f64"],
    (f, { x, y, z }) =>
      f.do(f64x2.extract_lane(f64x2.relaxed_madd(f64x2.splat(x), f64x2.splat(y), f64x2.splat(z)), 0)),
    { export: true },
  );
  const bytes = m.finish();
  if (!WebAssembly.validate(bytes)) return { simd, relaxedSimd: false, fusedMadd: false };
  type Madd = (x: number, y: number, z: number) => number;
  const { madd32, madd64 } = instantiate<{ madd32: Madd; madd64: Madd }>(bytes);
  // (1 + e)(1 - e) - 1 = -e^2, which is lost when the product is rounded first.
  const e32 = 2 ** -13;
  const e64 = 2 ** -30;
  const fusedMadd =
    madd32(1 + e32, 1 - e32, -1) === -(e32 ** 2) && madd64(1 + e64, 1 - e64, -1) === -(e64 ** 2);
  return { simd, relaxedSimd: true, fusedMadd };
}
