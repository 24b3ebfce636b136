// Makes one WebAssembly module out of a program: a function for each distinct code of its steps, and functions that call
// them in order, one for each run of steps between steps of the host.
// Floor L2 (backend/wasm/program).

import { dtypes } from "../../../base/dtype.ts";
import type { Access, Buffer, BufferId, Program, Step } from "../../../ir/program.ts";
import type { Expr } from "../../../ir/scalar.ts";
import { importHost, requireSimd } from "../codegen.ts";
import type { Code, Func, FunctionBuilder, Local } from "../encoder.ts";
import { call, i32, ModuleBuilder } from "../encoder.ts";
import type { StepCode } from "./context.ts";
import type { Sharing } from "./durations.ts";
import { durationOf } from "./durations.ts";
import { codeOf } from "./emitters.ts";
import type { Touch } from "./phases.ts";
import { barriersBefore, spansOf } from "./phases.ts";
import type { ResidentMemory } from "./resident.ts";
import { controlAddress } from "./resident.ts";
import type { ModuleContext } from "./step-context.ts";
import { functionOf } from "./step-context.ts";
import { mayBlock } from "./threads.ts";
import { threadCode } from "./threads-code.ts";

/** An address: absolute, or counted from the start of the arena. */
export interface Place {
  readonly at: number;
  readonly inArena: boolean;
  /** Where the address is found in each run, if it changes between runs. */
  readonly cell?: number | null;
}

/** What a step becomes. */
export interface Kernel {
  readonly code: StepCode;
  /** How long it takes one thread, about, in ns. */
  readonly duration: number;
  readonly parallel: boolean;
}

/** Steps in a row that are not the host's: an export of the module, a function of (thread, threads, arena). */
export interface Segment {
  readonly name: string;
  /** Whether more than one thread has work in it. */
  readonly parallel: boolean;
}

export interface Assembled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly segments: readonly (Segment | Extract<Step, { kind: "host" }>)[];
}

/** The code of each step, null for those of the host; for how many threads there is work, and how many of them are worth waking. */
export function kernelsOf(
  program: Program,
  sharing: Sharing,
): { readonly kernels: (Kernel | null)[]; readonly threads: number; readonly woken: number } {
  const codes = program.steps.map((step) => {
    if (step.kind === "host") return null;
    const code = codeOf(step, program.buffers);
    return { code, duration: durationOf(step, code) };
  });
  /** Whether threads have something of it to share. */
  const shared = ({ code, duration }: { code: StepCode; duration: number }): boolean =>
    (code.duration?.longest ?? duration) >= sharing.step;
  const total = codes.reduce((sum, k) => sum + (k && shared(k) ? k.duration : 0), 0);
  const most = (each: number): number => Math.max(1, Math.floor(total / each));
  const threads = most(sharing.thread);
  const kernels = codes.map((k) => k && { ...k, parallel: threads > 1 && shared(k) });
  return { kernels, threads, woken: most(sharing.asleep) };
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

let modules = 0;

export function assemble(
  program: Program,
  kernels: readonly (Kernel | null)[],
  layout: Layout,
  memory: ResidentMemory,
): Assembled {
  requireSimd();
  const m = new ModuleBuilder();
  if (memory.shared)
    m.importMemory("env", "memory", { minPages: 1, maxPages: memory.maxPages, shared: true });
  else m.importMemory("env", "memory", { minPages: 1 });
  const host = importHost(m, program.steps.flatMap(bodiesOf));
  const parts: ModuleContext = {
    module: m,
    memory,
    host,
    functions: new Map(),
    step: m.global("i32", true, 0),
    threads: threadCode(m, {
      control: controlAddress,
      shared: memory.shared,
      callerSleeps: memory.shared && mayBlock(),
    }),
  };

  const calls = kernels.map((kernel) => kernel && functionOf(parts, kernel.code, kernel.parallel));

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
    segments.push({ name, parallel: kernels.slice(from, to).some((k) => k?.parallel) });
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
  const own = f.let("i32", i32.add(inArena(layout.own), i32.mul(thread, layout.ownStride)));
  const part = kernels.slice(from, to) as Kernel[];
  const alone = !part.some(({ parallel }) => parallel);
  const barriers = barriersBefore(
    part.map(({ code, parallel }, i) => touchOf(program, program.steps[from + i]!, code, parallel, layout)),
  );
  for (let i = from; i < to; i++) {
    const { code, parallel } = kernels[i]!;
    const run = (t: Local | number, count: Local | number): void => {
      if (code.failures) f.globalSet(parts.step, i);
      const args = code.addresses.map((source) => addressOf(source, program.buffers, layout, arena));
      f.do(call(calls[i]!, t, count, inArena(layout.shared), own, ...args));
    };
    if (barriers[i - from]) f.do(call(parts.threads.barrier(), thread, threads));
    if (parallel) run(thread, threads);
    else if (alone) run(0, 1);
    else f.if(i32.eqz(thread), () => run(0, 1));
  }
  // Whoever called looks at the results next.
  if (!alone) f.do(call(parts.threads.barrier(), thread, threads));
}

/** Where spans in the arena begin: behind all absolute addresses. */
const arenaSpans = 2 ** 32;

function touchOf(program: Program, step: Step, code: StepCode, parallel: boolean, layout: Layout): Touch {
  const { reads, writes } = spansOf(step, program, (buffer) => {
    const { at, inArena } = layout.places.get(buffer)!;
    return inArena ? arenaSpans + at : at;
  });
  if (code.sharedBytes > 0) {
    const from = arenaSpans + layout.shared;
    writes.push({ from, to: from + code.sharedBytes });
  }
  return { parallel, reads, writes };
}

function addressOf(
  source: Access | { readonly scalar: number },
  buffers: readonly Buffer[],
  layout: Layout,
  arena: Local,
): Code {
  if ("scalar" in source) return i32.const(layout.scalars + 8 * source.scalar);
  const place = layout.places.get(source.buffer)!;
  const offset = source.offset * dtypes[buffers[source.buffer]!.dtype].bytes;
  if (place.cell) return i32.add(i32.load(i32.const(place.cell)), offset);
  const at = place.at + offset;
  return place.inArena ? i32.add(arena, at) : i32.const(at);
}

/** All expressions of a step. */
export function bodiesOf(step: Step): Expr[] {
  if (step.kind === "repeat") return step.body.steps.flatMap(bodiesOf);
  const results = "maps" in step ? [...step.maps] : [];
  const all = step.kind === "loop" ? [...step.stages, ...step.values, ...results] : results;
  return all.map(({ body }) => body);
}
