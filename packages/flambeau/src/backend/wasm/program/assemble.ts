// Makes one WebAssembly module out of a program: a function for each distinct code of its steps, and functions that call
// them in order, one for each run of steps between steps of the host.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import { RuntimeError } from "../../../base/errors.ts";
import type { Access, Buffer, BufferId, LoopResult, Program, Step } from "../../../ir/program.ts";
import type { Expr } from "../../../ir/scalar.ts";
import { topological } from "../codegen.ts";
import type { Code, Func, FunctionBuilder, Local } from "../encoder.ts";
import { call, i32, ModuleBuilder } from "../encoder.ts";
import { features } from "../features.ts";
import { Emitter } from "../lanes.ts";
import { hostArity, hostImports } from "../math.ts";
import type { StepCode } from "./context.ts";
import { codeOf } from "./emitters.ts";
import { effectsOf } from "./plan.ts";
import type { ResidentMemory } from "./resident.ts";
import type { ModuleContext } from "./step-context.ts";
import { StepContext } from "./step-context.ts";

/** Steps of less work than this (operations and bytes) run on one thread. */
const parallelWork = 2 ** 16;

/** An address: absolute, or counted from the start of the arena. */
export interface Place {
  readonly at: number;
  readonly inArena: boolean;
}

/** What a step becomes. */
export interface Kernel {
  readonly code: StepCode;
  readonly parallel: boolean;
}

export interface Assembled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The names of the module's exports, functions of (thread, threads, arena), with the host's steps between them. */
  readonly segments: readonly (string | Extract<Step, { kind: "host" }>)[];
}

/** The code of each step; null for those of the host. */
export function kernelsOf(program: Program): (Kernel | null)[] {
  return program.steps.map((step) => {
    if (step.kind === "host") return null;
    const code = codeOf(step, program.buffers);
    return { code, parallel: code.flops + code.bytes >= parallelWork };
  });
}

export interface Layout {
  readonly places: ReadonlyMap<BufferId, Place>;
  /** The address of the first number of the host. */
  readonly scalars: number;
  /** Where in the arena the memory that steps share begins, and that of the first thread alone. */
  readonly shared: number;
  readonly own: number;
  /** Bytes between the memory of one thread and that of the next. */
  readonly ownStride: number;
}

/** Makes the function that waits for all threads, in a module that has shared memory. */
export type MakeBarrier = (module: ModuleBuilder) => Func;

let modules = 0;

export function assemble(
  program: Program,
  kernels: readonly (Kernel | null)[],
  layout: Layout,
  memory: ResidentMemory,
  makeBarrier: MakeBarrier | null,
): Assembled {
  if (!features().simd)
    throw new RuntimeError(
      "this engine's WebAssembly has no SIMD, which the backend needs: Node 20, or a browser of 2023",
    );
  const m = new ModuleBuilder();
  if (memory.shared)
    m.importMemory("env", "memory", { minPages: 1, maxPages: memory.maxPages, shared: true });
  else m.importMemory("env", "memory", { minPages: 1 });
  const host = importHost(m, program.steps);
  const parts: ModuleContext = {
    module: m,
    step: m.global("i32", true, 0),
    barrier: makeBarrier?.(m) ?? null,
  };

  const functions = new Map<string, Func>();
  const functionOf = ({ code, parallel }: Kernel): Func => {
    const key = `${parallel ? "parallel" : "single"} ${code.key}`;
    let f = functions.get(key);
    if (!f) {
      const params: Record<string, "i32"> = { thread: "i32", threads: "i32", shared: "i32", own: "i32" };
      code.addresses.forEach((_, i) => {
        params[`at${i}`] = "i32";
      });
      f = m.func(code.name, params, [], (builder, locals) => {
        const e = new Emitter(builder, m, memory, features(), host);
        code.emit(new StepContext(parts, e, Object.values(locals), parallel));
      });
      functions.set(key, f);
    }
    return f;
  };
  const calls = kernels.map((kernel) => (kernel ? functionOf(kernel) : null));

  // V8 hands out the code of an earlier module with equal bytes, revectorised or not: so each has a name of its own.
  const prefix = `program${modules++}_`;
  const segments: Assembled["segments"][number][] = [];
  for (let from = 0; from < program.steps.length; ) {
    const step = program.steps[from]!;
    if (step.kind === "host") {
      segments.push(step);
      from++;
      continue;
    }
    let to = from;
    while (to < program.steps.length && kernels[to]) to++;
    const name = `${prefix}${from}`;
    m.func(
      name,
      { thread: "i32", threads: "i32", arena: "i32" },
      [],
      (f, { thread, threads, arena }) =>
        emitSegment(f, parts, program, kernels, calls, layout, [thread, threads, arena], from, to),
      { export: true },
    );
    segments.push(name);
    from = to;
  }
  return { bytes: m.finish(), segments };
}

function emitSegment(
  f: FunctionBuilder,
  parts: ModuleContext,
  program: Program,
  kernels: readonly (Kernel | null)[],
  calls: readonly (Func | null)[],
  layout: Layout,
  [thread, threads, arena]: readonly [Local, Local, Local],
  from: number,
  to: number,
): void {
  const inArena = (offset: number): Code => i32.add(arena, offset);
  const own = f.let(
    "i32",
    parts.barrier ? i32.add(inArena(layout.own), i32.mul(thread, layout.ownStride)) : inArena(layout.own),
  );
  const pending = new Pending(program);
  for (let i = from; i < to; i++) {
    const { code, parallel } = kernels[i]!;
    const run = (t: Local | number, count: Local | number): void => {
      if (code.failures) f.globalSet(parts.step, i);
      const args = code.addresses.map((source) => addressOf(source, program.buffers, layout, arena));
      f.do(call(calls[i]!, t, count, inArena(layout.shared), own, ...args));
    };
    if (!parts.barrier) {
      run(0, 1);
      continue;
    }
    const { barrier } = parts;
    if (pending.mustWait(i, parallel, code.sharedBytes > 0))
      f.if(i32.gt_u(threads, 1), () => f.do(call(barrier, thread, threads)));
    if (parallel) run(thread, threads);
    else f.if(i32.eqz(thread), () => run(0, 1));
  }
}

/** Which steps since the last barrier other threads may still be at. */
class Pending {
  readonly #program: Program;
  #reads = new Set<BufferId>();
  #writes = new Set<BufferId>();
  #shared = false;
  /** Whether all of them ran on the first thread alone. */
  #single = true;

  constructor(program: Program) {
    this.#program = program;
  }

  /** Whether a barrier must stand before step `i`. */
  mustWait(i: number, parallel: boolean, usesShared: boolean): boolean {
    const { reads, writes } = effectsOf(this.#program.steps[i]!);
    const meets = (a: ReadonlySet<BufferId>, b: ReadonlySet<BufferId>): boolean =>
      [...a].some((x) => b.has(x));
    const wait =
      !(this.#single && !parallel) &&
      (meets(reads, this.#writes) ||
        meets(writes, this.#writes) ||
        meets(writes, this.#reads) ||
        (usesShared && this.#shared));
    if (wait) {
      this.#reads = new Set();
      this.#writes = new Set();
      this.#shared = false;
      this.#single = true;
    }
    for (const b of reads) this.#reads.add(b);
    for (const b of writes) this.#writes.add(b);
    this.#shared ||= usesShared;
    this.#single &&= !parallel;
    return wait;
  }
}

function addressOf(
  source: Access | { readonly scalar: number },
  buffers: readonly Buffer[],
  layout: Layout,
  arena: Local,
): Code {
  if ("scalar" in source) return i32.const(layout.scalars + 8 * source.scalar);
  const place = layout.places.get(source.buffer)!;
  const at = place.at + source.offset * dtypes[buffers[source.buffer]!.dtype].bytes;
  return place.inArena ? i32.add(arena, at) : i32.const(at);
}

/** Functions of JavaScript that the steps' expressions need. */
function importHost(m: ModuleBuilder, steps: readonly Step[]): Map<string, Func> {
  const host = new Map<string, Func>();
  const seen = new Set<Expr>();
  const visit = (root: Expr): void => {
    for (const node of topological(root, seen)) {
      seen.add(node);
      for (const name of hostImports(node.op, node.dtype))
        if (!host.has(name))
          host.set(
            name,
            m.importFunction("host", name, new Array<"f64">(hostArity(name)).fill("f64"), ["f64"]),
          );
    }
  };
  const results = (list: readonly LoopResult[]): void => {
    for (const { body } of list) visit(body);
  };
  for (const step of steps) {
    if (step.kind === "loop") {
      for (const { body } of step.stages) visit(body);
      results(step.values);
    }
    if ("maps" in step) results(step.maps);
  }
  return host;
}
