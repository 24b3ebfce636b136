// The context of a step's code: what the functions of a program's module take, and how they share work.
// Floor L2 (backend/wasm/program).

import type { Func, FunctionBuilder, Global, Local, ModuleBuilder } from "../encoder.ts";
import { call, globalGet, i32 } from "../encoder.ts";
import { features } from "../features.ts";
import { Emitter } from "../lanes.ts";
import type { Constants } from "../memory.ts";
import type { Context, StepCode } from "./context.ts";
import { abort } from "./threads-cells.ts";
import type { ThreadCode } from "./threads-code.ts";

/** Most messages of failure that a step has. */
const mostFailures = 16;

/** The step and the reason that the number of a program's failure stands for. */
export const failureOf = (number: number): { step: number; reason: number } => ({
  step: Math.floor((number - abort.failure) / mostFailures),
  reason: (number - abort.failure) % mostFailures,
});

/** What the functions of one module share. */
export interface ModuleContext {
  readonly module: ModuleBuilder;
  readonly memory: Constants;
  /** Functions of JavaScript, by name. */
  readonly host: ReadonlyMap<string, Func>;
  /** Functions of steps, by their keys. */
  readonly functions: Map<string, Func>;
  /** The number of the step that runs, for errors. */
  readonly step: Global;
  readonly threads: ThreadCode;
}

/** What the function of a step's code takes. */
export function parametersOf(code: StepCode): Record<string, "i32"> {
  const params: Record<string, "i32"> = { thread: "i32", threads: "i32", shared: "i32", own: "i32" };
  code.addresses.forEach((_, i) => {
    params[`at${i}`] = "i32";
  });
  return params;
}

/** The function of a step's code, which steps with equal keys share. */
export function functionOf(parts: ModuleContext, code: StepCode, parallel: boolean): Func {
  const key = `${parallel ? "parallel" : "single"} ${code.key}`;
  let f = parts.functions.get(key);
  if (!f) {
    f = parts.module.func(code.name, parametersOf(code), [], (builder, locals) => {
      const e = new Emitter(builder, parts.module, parts.memory, features(), parts.host);
      code.emit(new StepContext(parts, e, Object.values(locals), parallel));
    });
    parts.functions.set(key, f);
  }
  return f;
}

export class StepContext implements Context {
  readonly e: Emitter;
  readonly f: FunctionBuilder;
  readonly module: ModuleBuilder;
  readonly thread: Local;
  readonly threads: Local;
  readonly addresses: readonly Local[];
  readonly shared: Local;
  readonly own: Local;
  readonly #parts: ModuleContext;
  readonly parallel: boolean;

  constructor(parts: ModuleContext, e: Emitter, params: readonly Local[], parallel: boolean) {
    this.#parts = parts;
    this.parallel = parallel;
    this.e = e;
    this.f = e.f;
    this.module = parts.module;
    [this.thread, this.threads, this.shared, this.own] = params as [Local, Local, Local, Local];
    this.addresses = params.slice(4);
  }

  share(total: number, grain: number): { readonly start: Local; readonly end: Local } {
    const { f } = this;
    const start = f.let("i32", 0);
    const end = f.let("i32", total);
    if (!this.parallel || total <= grain) {
      if (this.parallel) f.if(this.thread, () => f.set(start, total));
      return { start, end };
    }
    const grains = Math.ceil(total / grain);
    f.if(i32.gt_u(this.threads, 1), () => {
      const first = (t: readonly number[] | Local): readonly number[] =>
        i32.mul(i32.div_u(i32.mul(grains, t), this.threads), grain);
      f.set(start, first(this.thread));
      f.if(i32.lt_u(i32.add(this.thread, 1), this.threads), () => f.set(end, first(i32.add(this.thread, 1))));
    });
    return { start, end };
  }

  nested(code: StepCode, parallel: boolean): Func {
    return functionOf(this.#parts, code, parallel);
  }

  barrier(): void {
    if (this.parallel) this.f.do(call(this.#parts.threads.barrier(), this.thread, this.threads));
  }

  fail(reason: number): void {
    const { threads, step } = this.#parts;
    const number = i32.add(i32.mul(globalGet(step), mostFailures), abort.failure + reason);
    this.f.do(call(threads.abort(), number));
    this.f.unreachable();
  }
}
