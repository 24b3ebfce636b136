// What happens when a module is called: hooks before and after `forward`, and errors that say where they come from.
// Floor L5 (nn). Source: torch/nn/modules/module.py

import { recorder, tracer } from "../tensor/capturing.ts";
import type { BackwardHooks } from "./backward-hooks.ts";
import { callBetweenGates } from "./backward-hooks.ts";
import type { Internals } from "./internals.ts";
import { childEntries } from "./internals.ts";
import type { Module } from "./module.ts";

/** Called with the arguments before `forward`; may return others (a list, or a single one). */
export type ForwardPreHook = (module: Module, args: readonly unknown[]) => unknown;
/** Called with arguments and output after `forward`; may return another output. */
export type ForwardHook = (module: Module, args: readonly unknown[], output: unknown) => unknown;

/** Runs `forward` between its hooks. */
export function call(module: Module, state: Internals, args: readonly unknown[]): unknown {
  if (recorder !== null) recorder.module(module);
  if (tracer !== null) return tracer.module(module, () => run(module, state, args));
  return run(module, state, args);
}

function run(module: Module, state: Internals, args: readonly unknown[]): unknown {
  try {
    if (state.preHooks === null && state.hooks === null && state.backward === null)
      return module.forward(...args);
    let inputs = args;
    for (const hook of state.preHooks ?? []) {
      const changed = hook(module, inputs);
      if (changed !== undefined && changed !== null) inputs = Array.isArray(changed) ? changed : [changed];
    }
    const { backward } = state;
    let output: unknown = backward
      ? callBetweenGates(module, backward, inputs, (list) => module.forward(...list))
      : module.forward(...inputs);
    for (const hook of state.hooks ?? []) {
      const changed = hook(module, inputs, output);
      if (changed !== undefined && changed !== null) output = changed;
    }
    return output;
  } catch (error) {
    locate(error, module);
    throw error;
  }
}

/** Adds a hook to a list; returns the function that removes it, leaving null where the list is empty again. */
export function addHook<K extends "preHooks" | "hooks">(
  state: Internals,
  kind: K,
  hook: NonNullable<Internals[K]>[number],
): () => void {
  const list = (state[kind] ??= []) as unknown[];
  list.push(hook);
  return () => {
    const i = list.indexOf(hook);
    if (i >= 0) list.splice(i, 1);
    if (list.length === 0) state[kind] = null;
  };
}

/** {@link addHook} for hooks on gradients, which are kept together. */
export function addBackwardHook<K extends keyof BackwardHooks>(
  state: Internals,
  kind: K,
  hook: NonNullable<BackwardHooks[K]>[number],
): () => void {
  const change = (edit: (list: readonly unknown[]) => readonly unknown[]): void => {
    const list = edit(state.backward?.[kind] ?? []);
    const hooks = { pre: null, full: null, ...state.backward, [kind]: list.length > 0 ? list : null };
    state.backward = hooks.pre || hooks.full ? (hooks as BackwardHooks) : null;
  };
  change((list) => [...list, hook]);
  return () => change((list) => list.filter((h) => h !== hook));
}

// ---- errors -------------------------------------------------------------------------------------------------

interface Failure {
  /** The module whose `forward` threw. */
  readonly innermost: Module;
  readonly message: string;
}
const failures = new WeakMap<Error, Failure>();

/**
 * Puts the path of the failing module in front of the message: "in Net.hidden.0 (Linear): ...". Every module that the
 * error passes on its way up writes the path anew, from itself.
 */
function locate(error: unknown, module: Module): void {
  if (!(error instanceof Error)) return;
  let failure = failures.get(error);
  if (!failure) {
    failure = { innermost: module, message: error.message };
    failures.set(error, failure);
  }
  const { innermost, message } = failure;
  const kind = innermost.constructor.name;
  const path = innermost === module ? "" : pathTo(module, innermost, new Set());
  if (path === null) return;
  const before = error.message;
  // The text of the stack is made when it is first asked for, and it is what gets printed.
  const { stack } = error;
  try {
    error.message =
      path === "" ? `in ${kind}: ${message}` : `in ${module.constructor.name}.${path} (${kind}): ${message}`;
    if (stack !== undefined) error.stack = stack.replace(before, () => error.message);
  } catch {
    // A frozen error, or one with a message of its own making, stays as it is.
  }
}

/** Names of the properties that lead from one module to another below it. */
function pathTo(from: Module, to: Module, seen: Set<Module>): string | null {
  seen.add(from);
  for (const [name, child] of childEntries(from)) {
    if (child === to) return name;
    if (seen.has(child)) continue;
    const rest = pathTo(child, to, seen);
    if (rest !== null) return `${name}.${rest}`;
  }
  return null;
}
