// Results of tiles whose sums lie in memory: one function for each width of a step's tiles.
// Floor L2 (backend/wasm/program).

import type { Arg, Func, Local } from "../encoder.ts";
import { call } from "../encoder.ts";
import { Emitter, loadGroups } from "../lanes.ts";
import { bump, countDown, i32s } from "../matmul/elements.ts";
import type { Context } from "./context.ts";
import type { Problem } from "./matmul-problem.ts";
import type { Index } from "./matmul-results.ts";
import { placesAt, Results } from "./matmul-results.ts";

/** Writes the results of sums in memory. */
export class Finisher {
  readonly #c: Context;
  readonly #p: Problem;
  readonly #addresses: readonly Local[];
  readonly #functions = new Map<number, Func>();

  /** `addresses` as `placesOf` gives them. */
  constructor(c: Context, p: Problem, addresses: readonly Local[]) {
    this.#c = c;
    this.#p = p;
    this.#addresses = addresses;
  }

  /** Results of `rows` rows and `width` columns at (t, i, j), whose sums lie at `from`, rows `fromRow` bytes apart. */
  write(from: Local, fromRow: Arg, rows: Arg, width: number, t: Index, i: Index, j: Index): void {
    const places = placesAt(this.#p, this.#addresses, t, i, j);
    this.#c.f.do(call(this.#function(width), from, fromRow, rows, ...places));
  }

  #function(width: number): Func {
    let func = this.#functions.get(width);
    if (!func) {
      func = this.#define(width);
      this.#functions.set(width, func);
    }
    return func;
  }

  #define(width: number): Func {
    const { e, module } = this.#c;
    const names = this.#addresses.map((_, x) => `address${x}`);
    return module.func(
      `results${width}`,
      { ...i32s("from", "fromRow", "rows"), ...i32s(...names) },
      [],
      (f, x) => {
        const inner = new Emitter(f, module, e.memory, e.features, e.host);
        const params = x as unknown as Readonly<Record<string, Local>>;
        const results = new Results(
          inner,
          this.#p,
          names.map((name) => params[name]!),
        );
        const { dtype } = this.#p;
        const groupBytes = dtype === "float64" ? 32 : 16;
        results.moveTo(0, 0, 0);
        countDown(f, x.rows, () => {
          results.write(1, width, (_, g) => loadGroups(inner, dtype, x.from, g * groupBytes, 1)[0]!);
          bump(f, x.from, x.fromRow);
          results.move(1, 0);
        });
      },
    );
  }
}
