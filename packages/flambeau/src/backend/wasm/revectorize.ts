// Asks V8 to fuse adjacent 128-bit vectors into 256-bit instructions, which nearly doubles the speed on x86.
// Floor L2 (backend/wasm). Node 24 and later; experimental in V8, so a self-test decides, and
// FLAMBEAU_NO_REVECTORIZE=1 leaves it off. Browsers cannot be asked.
//
// What keeps V8 from pairing, seen with --trace-wasm-revectorize: a load between two stores that could be a pair; and locals
// set in a loop, each of which counts against the pairs as if its value were used outside (long bodies go into functions
// of their own, called by the loop).

import type { Local } from "./encoder.ts";
import { f32x4, i32, i32x4, instantiate, ModuleBuilder, v128 } from "./encoder.ts";

interface Flags {
  setFlagsFromString(flags: string): void;
}

/** Looked up by name, since browsers have none of it, and bundlers should not look for it. */
interface ProcessLike {
  readonly versions?: { readonly node?: string };
  readonly env?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

const flag = "experimental-wasm-revectorize";

/**
 * V8 compiles a function quickly at first and well when it has run for a while. The self-test wants the good code
 * at once: modules made while this budget is set get it at their first call. The second number is V8's default.
 */
const eagerBudget = "--wasm-tiering-budget=100";
const normalBudget = "--wasm-tiering-budget=13000000";

/** Elements from which a kernel's run counts as large: a program of small tensors never pays for the self-test. */
export const largeRun = 4096;

let result: boolean | null = null;

/**
 * Turns revectorisation on; says whether it is. The first call takes 5 to 10 ms, half of it for loading node:v8, so it
 * waits for the first large run. Code that V8 has optimised before stays as it is; what it optimises later is paired,
 * whenever its module was made.
 */
export function revectorize(): boolean {
  return (result ??= attempt());
}

function attempt(): boolean {
  const process = (globalThis as { process?: ProcessLike }).process;
  const version = Number.parseInt(process?.versions?.node ?? "0", 10);
  if (version < 24 || process?.env?.["FLAMBEAU_NO_REVECTORIZE"] === "1") return false;
  const v8 = process?.getBuiltinModule?.("node:v8") as Flags | undefined;
  if (!v8?.setFlagsFromString) return false;
  v8.setFlagsFromString(`--${flag}`);
  v8.setFlagsFromString(eagerBudget);
  let works = false;
  try {
    works = selfTest();
  } finally {
    v8.setFlagsFromString(normalBudget);
    if (!works) v8.setFlagsFromString(`--no-${flag}`);
  }
  return works;
}

const count = 64;
const outAt = 1024;

/** One kernel with the kinds of instructions that generated code has, against the same in float32 of JavaScript. */
function selfTest(): boolean {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { minPages: 1 });
  m.func(
    "run",
    {},
    [],
    (f) => {
      const p = f.local("i32");
      const three = f.let("v128", v128.load32_splat(0, 2 * outAt));
      const v = (code: readonly number[]): Local => f.let("v128", code);
      f.loop((again) => {
        const x = [0, 1, 2, 3].map((u) => v(v128.load(p, 16 * u)));
        const y = x.map((a) => v(f32x4.add(f32x4.mul(a, three), a)));
        const z = y.map((a, u) =>
          v(v128.bitselect(a, f32x4.pmax(f32x4.neg(a), three), f32x4.gt(x[u]!, three))),
        );
        const w = z.map((a) => v(f32x4.div(f32x4.sqrt(f32x4.abs(a)), f32x4.add(a, three))));
        const doubled = w.map((a) => v(i32x4.add(a, i32x4.shl(i32x4.shr_s(three, 30), 23))));
        doubled.forEach((a, u) => f.do(v128.store(p, f32x4.add(a, f32x4.floor(a)), outAt + 16 * u)));
        f.set(p, i32.add(p, 64));
        f.brIf(again, i32.lt_u(p, 4 * count));
      });
    },
    { export: true },
  );
  const { run } = instantiate<{ run(): void }>(m.finish(), { env: { memory } });
  const cells = new Float32Array(memory.buffer);
  for (let i = 0; i < count; i++) cells[i] = (i - 20) / 7;
  cells[outAt / 2] = 3.5;
  for (let round = 0; round < 8; round++) {
    run();
    for (let i = 0; i < count; i++) if (cells[outAt / 4 + i] !== expected(cells[i]!)) return false;
    cells.fill(0, outAt / 4, outAt / 4 + count);
  }
  return true;
}

function expected(x: number): number {
  const r = Math.fround;
  const y = r(r(x * 3.5) + x);
  const z = x > 3.5 ? y : Math.max(-y, 3.5);
  const w = r(r(Math.sqrt(Math.abs(z))) / r(z + 3.5));
  // The highest two bits of 3.5 are 01: the shift gives 1, and an exponent one higher doubles.
  const doubled = r(2 * w);
  return r(doubled + Math.floor(doubled));
}
