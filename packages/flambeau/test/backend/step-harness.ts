// Runs the code of one step of a program by itself, on as many threads as wanted, one after the other: at a barrier a thread leaves, and
// all begin again with the next phase. So a step must be able to repeat what it does before its last barrier.

import { topological } from "../../src/backend/wasm/codegen.ts";
import type { Func, Local } from "../../src/backend/wasm/encoder.ts";
import { i32, ModuleBuilder } from "../../src/backend/wasm/encoder.ts";
import { features } from "../../src/backend/wasm/features.ts";
import { Emitter } from "../../src/backend/wasm/lanes.ts";
import { hostArity, hostFunctions, hostImports } from "../../src/backend/wasm/math.ts";
import { LinearMemory } from "../../src/backend/wasm/memory.ts";
import type { StepCode } from "../../src/backend/wasm/program/context.ts";
import type { TypedArray } from "../../src/base/dtype.ts";
import type { Expr } from "../../src/ir/scalar.ts";

const memory = new LinearMemory();
let modules = 0;

/** Places arrays (a number of the host as an array of one float64) in memory, and copies them back. */
export class StepRun {
  readonly #code: StepCode;
  readonly #run: (thread: number, threads: number, phase: number, ...addresses: number[]) => void;
  #phases = 1;

  constructor(code: StepCode, bodies: readonly Expr[]) {
    this.#code = code;
    const m = new ModuleBuilder();
    m.importMemory("env", "memory", { minPages: 1 });
    const host = new Map<string, Func>();
    for (const node of bodies.flatMap((b) => topological(b)))
      for (const name of hostImports(node.op, node.dtype))
        if (!host.has(name))
          host.set(
            name,
            m.importFunction("host", name, new Array<"f64">(hostArity(name)).fill("f64"), ["f64"]),
          );
    const names = ["thread", "threads", "phase", "shared", "own", ...code.addresses.map((_, i) => `at${i}`)];
    const params: Record<string, "i32"> = {};
    for (const name of names) params[name] = "i32";
    m.func(
      "step",
      params,
      [],
      (f, x) => {
        const locals = names.map((name) => x[name]!) as [Local, Local, Local, Local, Local, ...Local[]];
        const [thread, threads, phase, shared, own, ...addresses] = locals;
        const share = (total: number, grain: number): { start: Local; end: Local } => {
          const grains = Math.ceil(total / grain);
          const first = (t: Local | readonly number[]): readonly number[] =>
            i32.mul(i32.div_u(i32.mul(grains, t), threads), grain);
          const start = f.let("i32", first(thread));
          const end = f.let("i32", first(i32.add(thread, 1)));
          f.if(i32.gt_u(end, total), () => f.set(end, total));
          return { start, end };
        };
        const barrier = (): void => f.if(i32.eq(phase, this.#phases++ - 1), () => f.return());
        code.emit({
          e: new Emitter(f, m, memory, features(), host),
          f,
          module: m,
          thread,
          threads,
          addresses,
          shared,
          own,
          share,
          barrier,
          parallel: threads !== thread,
          nested: () => {
            throw new Error("the harness runs no steps of steps");
          },
          fail: () => f.unreachable(),
        });
      },
      { export: true },
    );
    m.func(`module${modules++}`, {}, [], () => undefined);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), {
      env: { memory: memory.wasm },
      host: hostFunctions,
    } as unknown as WebAssembly.Imports);
    this.#run = instance.exports["step"] as (thread: number, threads: number, ...rest: number[]) => void;
  }

  /** `starts`: the array and the element that each address of the step is. Arrays are changed in place. */
  run(starts: readonly (readonly [TypedArray, number])[], threads: number): void {
    const { u8, base, places, addresses } = this.place(starts, threads);
    void base;
    for (let phase = 0; phase < this.#phases; phase++)
      for (let t = 0; t < threads; t++) this.call(addresses, t, threads, phase);
    for (const [array, at] of places) bytesOf(array).set(u8.subarray(at, at + array.byteLength));
  }

  /** What a loop that measures time needs. */
  call(addresses: readonly number[], thread: number, threads: number, phase: number): void {
    const [shared, own, ...rest] = addresses as [number, number, ...number[]];
    const ownBytes = round(this.#code.ownBytes);
    this.#run(thread, threads, phase, shared, own + thread * ownBytes, ...rest);
  }

  place(
    starts: readonly (readonly [TypedArray, number])[],
    threads: number,
  ): { u8: Uint8Array; base: number; places: Map<TypedArray, number>; addresses: number[] } {
    const arrays = [...new Set(starts.map(([array]) => array))];
    const scratch = round(this.#code.sharedBytes) + threads * round(this.#code.ownBytes);
    const total = scratch + arrays.reduce((sum, a) => sum + round(a.byteLength), 0);
    const base = memory.scratch(total + 64, "a test");
    const { u8 } = memory;
    // Whatever is read without having been written shows.
    u8.fill(255, base, base + scratch);
    let at = base + scratch;
    const places = new Map<TypedArray, number>();
    for (const array of arrays) {
      places.set(array, at);
      u8.set(bytesOf(array), at);
      at += round(array.byteLength);
    }
    const addresses = [
      base,
      base + round(this.#code.sharedBytes),
      ...starts.map(([array, offset]) => places.get(array)! + offset * array.BYTES_PER_ELEMENT),
    ];
    return { u8, base, places, addresses };
  }
}

const round = (bytes: number): number => 64 * Math.ceil((bytes + 128) / 64);
const bytesOf = (a: TypedArray): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
