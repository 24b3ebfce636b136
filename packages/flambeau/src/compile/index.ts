// torch.compile: a function over tensors and modules as one program.
// Floor L4 (compile). Source: https://pytorch.org/docs/stable/generated/torch.compile.html

import { ArgumentError, CompileError } from "../base/errors.ts";
import { recorder, tracer } from "../tensor/capturing.ts";
import { isTensor } from "../tensor/tensor.ts";
import type { Captured } from "./capture.ts";
import { capture } from "./capture.ts";
import { explain } from "./explain.ts";
import { generalise } from "./numbers.ts";
import { Specialization } from "./specialization.ts";
import type { Tree } from "./tree.ts";
import { treeOf } from "./tree.ts";
import { turn } from "./turns.ts";
import { hasRun, numbered, setRun } from "./warm.ts";

export interface CompileOptions {
  /**
   * Whether gradients that an optimizer's `step` inside of the function has used are kept in `.grad`. By default they are not: a
   * program updates parameters without storing gradients where it can.
   */
  readonly keepGradients?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: any function can be compiled.
type Fn = (...args: any[]) => unknown;

/** The function; of a module, a call of it. */
type Call<F extends Fn> = F extends { readonly "~state": unknown }
  ? (...args: Parameters<F>) => ReturnType<F>
  : F;

/** What {@link compile} returns: the function, and what became of it. */
export type Compiled<F extends Fn> = Call<F> & {
  /**
   * The same call for loops that must not stop a page or a server: `await step.async(X, y)`. Leaves the thread to other tasks whenever the
   * loop has kept it for 8 ms.
   */
  async(...args: Parameters<F>): Promise<ReturnType<F>>;
  /** The program of the last call as text: its kernels, what was fused and why, its memory, its arithmetic. */
  explain(): string;
  /** How many programs there are: one for each combination of shapes, dtypes and modes that was met. */
  readonly programs: number;
};

/** Values that no threshold lies beyond, and that nobody computes with. */
const extremes: readonly number[] = [1.23456789e211, -1.23456789e211];

/**
 * A program for these arguments and all that differ from them in numbers as one of the known ones does; null if there is none. Fractions
 * only: whole numbers count something, or choose. A function that compares a number with another one takes different ways
 * for the largest and for the smallest, which is tried out.
 */
function forAllNumbers(
  run: (args: Tree) => Captured,
  captured: Captured,
  args: Tree,
  known: readonly Specialization[],
): Specialization | null {
  const { program } = captured.recorded;
  for (const other of known) {
    const changes = other.form === args.form ? other.guard.changes(args.leaves) : null;
    if (!changes || changes.some(({ from, to }) => Number.isInteger(from) || Number.isInteger(to))) continue;
    const found = generalise(other.captured.recorded.program, program, changes);
    if (!found || found.followers.length === 0) continue;
    const always = extremes.every((extreme) => {
      const leaves = args.leaves.map((x, leaf) => (changes.some((c) => c.leaf === leaf) ? extreme : x));
      const further = changes.map(({ leaf, to }) => ({ leaf, from: to, to: extreme }));
      try {
        return generalise(program, run({ ...args, leaves }).recorded.program, further) !== null;
      } catch {
        // Such a number is refused: then others may be as well.
        return false;
      }
    });
    if (!always) continue;
    const recorded = { ...captured.recorded, program: found.program };
    return new Specialization({ ...captured, recorded }, args, found.followers);
  }
  return null;
}

/** Frees the memory of programs whose function is gone. */
const abandoned = new FinalizationRegistry<readonly Specialization[]>((programs) => {
  for (const program of programs) program.release();
});

/** Programs kept for one function; the least recently made goes first. */
const mostPrograms = 64;

/**
 * Makes one WebAssembly program of a function over tensors: a whole training step with `backward()` and an optimizer's `step()`, or
 * an inference. The first call runs as usual. The second one captures: the function runs once without computing anything, what it would
 * launch is fused and compiled, and from then on calls with arguments of the same shapes and dtypes run the program alone.
 *
 * Tensors that the function finds around it (parameters, optimizer state, buffers) stay what they are: their elements move into the program's
 * memory, and can be read and changed at any time between calls. Options of optimizers are read in every call, so schedules work as
 * ever. Random numbers are those of eager code. Other shapes, dtypes, `train()` or `eval()`, `requiresGrad` or parameter groups lead to
 * another program, which is kept beside. A number among the arguments may be any once two values were met, if it goes to ops as it is (or negated, its
 * reciprocal, ...); else each value leads to a program.
 *
 * What JavaScript does in the function besides tensors (counting, printing) happens while it is captured only. Results have no history: call
 * `backward()` inside.
 *
 * @param fn the function, or a module
 * @param options `keepGradients` (default false): whether `.grad` can be read after an optimizer's step in the function
 * @throws CompileError from calls that look at values of tensors, or branch on them; it names the op and the line
 * @see https://pytorch.org/docs/stable/generated/torch.compile.html
 * @example
 * const step = torch.compile((X: torch.Tensor, y: torch.Tensor) => {
 *   trainer.zeroGrad();
 *   const l = loss(net(X), y);
 *   l.backward();
 *   trainer.step();
 *   return l;
 * });
 */
export function compile<F extends Fn>(fn: F, options: CompileOptions = {}): Compiled<F> {
  if (typeof fn !== "function")
    throw new ArgumentError(
      `compile(): expected a function or a module, got ${isTensor(fn) ? "a Tensor" : typeof fn}`,
    );
  const known: Specialization[] = [];
  let last: Specialization | null = null;
  const number = numbered();

  const specialize = (tree: Tree): Specialization => {
    const run = (of: Tree): Captured => capture(fn, of, options.keepGradients ?? false);
    const captured = run(tree);
    const made = forAllNumbers(run, captured, tree, known) ?? new Specialization(captured, tree);
    known.unshift(made);
    if (known.length > mostPrograms) known.pop()!.release();
    return made;
  };

  const call = (...args: Parameters<F>): unknown => {
    // Inside of another compiled function, this one is a part of it; a tracer sees what it is made of.
    if (recorder !== null || tracer !== null) return fn(...args);
    // Mostly, arguments are tensors and numbers, and all is as it was before.
    if (last?.flat && last.guard.holds(args)) return last.run(args);
    if (!hasRun(number)) {
      setRun(number);
      // What is made on first use (states of optimizers, lazy layers) is there afterwards.
      return fn(...args);
    }
    const tree = treeOf(args);
    const { form, leaves } = tree;
    last = known.find((s) => s.form === form && s.guard.holds(leaves)) ?? specialize(tree);
    return last.run(leaves);
  };
  abandoned.register(call, known);
  Object.defineProperty(call, "name", { value: `compiled ${fn.name}`.trim() });
  Object.defineProperty(call, "programs", { get: () => known.length });
  return Object.assign(call, {
    async: async (...args: Parameters<F>): Promise<unknown> => {
      await turn();
      return call(...args);
    },
    explain: (): string => {
      if (!last)
        throw new CompileError(
          "explain(): there is no program yet; the second call of a compiled function makes it",
        );
      return explain(last.optimised, last.compiled.report);
    },
  }) as unknown as Compiled<F>;
}
