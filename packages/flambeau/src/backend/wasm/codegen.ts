// From an expression graph to straight-line vector code: what map and reduce kernels share.
// Floor L2 (backend/wasm).

import type { DType } from "../../base/dtype.ts";
import { RuntimeError } from "../../base/errors.ts";
import type { Expr, ScalarOp } from "../../ir/scalar.ts";
import type { Code, Func, Local } from "./encoder.ts";
import { ModuleBuilder, v128 } from "./encoder.ts";
import { features } from "./features.ts";
import type { Group } from "./lanes.ts";
import { constantGroup, Emitter } from "./lanes.ts";
import { hostArity, hostFunctions, hostImports } from "./math.ts";
import type { LinearMemory } from "./memory.ts";
import { emitOp } from "./ops.ts";

/** Nodes of the graph in an order in which arguments come first; none of those in `done`, nor what only they use. */
export function topological(root: Expr, done?: { has(node: Expr): boolean }): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const visit = (node: Expr): void => {
    if (seen.has(node) || done?.has(node)) return;
    seen.add(node);
    node.args.forEach(visit);
    order.push(node);
  };
  visit(root);
  return order;
}

/**
 * Emits the body for several adjacent groups at once, one node after the other: equal instructions on neighbouring
 * vectors stand side by side, which is what V8 fuses into 256-bit instructions. Nodes in `values` are known; those that
 * are computed are added.
 */
export function evaluate(
  e: Emitter,
  root: Expr,
  count: number,
  inputs: (index: number) => readonly Group[],
  values: Map<Expr, readonly Group[]> = new Map(),
): Group[] {
  for (const node of topological(root, values)) {
    let groups: readonly Group[];
    if (node.op === "input") groups = inputs(node.value);
    else if (node.op === "const") {
      const c = constantGroup(e, node.dtype, node.value);
      groups = Array.from({ length: count }, () => c);
    } else {
      const args = node.args.map((a) => values.get(a)!);
      const from = (node.op === "select" ? node : node.args[0]!).dtype;
      groups = Array.from({ length: count }, (_, u) =>
        emitOp(
          e,
          node.op,
          from,
          node.dtype,
          args.map((a) => a[u]!),
          node.args,
        ),
      );
    }
    values.set(node, groups);
  }
  return values.get(root) as Group[];
}

/**
 * What `make` computes. Where its functions have a short way that is wrong in rare lanes, and there is such a lane, all is computed
 * again without it.
 */
export function withShortcuts(e: Emitter, make: () => Group[][]): Group[][] {
  e.rare = [];
  const usual = make();
  const masks: readonly Local[] = e.rare;
  e.rare = null;
  if (masks.length === 0) return usual;
  const out = usual.map((list) => list.map((group) => group.map((x) => e.v(x))));
  const any = masks.slice(1).reduce<Code | Local>((a, b) => v128.or(a, b), masks[0]!);
  e.f.if(v128.any_true(any), () => {
    const exact = make();
    out.forEach((list, r) =>
      list.forEach((group, u) => group.forEach((x, h) => e.f.set(x, exact[r]![u]![h]!))),
    );
  });
  return out;
}

/** Adds the values of nodes to those that are known: of whole expressions, arguments first, whose parts are all among them. */
export function addValues(
  e: Emitter,
  nodes: readonly Expr[],
  count: number,
  inputs: (index: number) => readonly Group[],
  known: Map<Expr, readonly Group[]>,
): void {
  // Inputs and constants stay the vectors that were loaded: V8 pairs those.
  for (const node of nodes) if (node.args.length === 0) evaluate(e, node, count, inputs, known);
  const computed = nodes.filter((node) => node.args.length > 0);
  const values = withShortcuts(e, () => {
    const all = new Map(known);
    return computed.map((node) => evaluate(e, node, count, inputs, all));
  });
  computed.forEach((node, i) => known.set(node, values[i]!));
}

/** Rough sizes of the functions, in instructions of a simple operation. */
const weights: { readonly [Op in ScalarOp]?: number } = {
  exp: 8,
  expm1: 8,
  log: 8,
  log1p: 8,
  tanh: 8,
  atan: 8,
  erf: 8,
  sin: 12,
  cos: 12,
  fmod: 12,
  cdf: 16,
  pow: 16,
  atan2: 16,
};

/** The cost of a node in instructions of a simple operation on four elements. */
export const weightOf = (node: Expr): number => weights[node.op] ?? (isEightByte(node.dtype) ? 3 : 1);

/** Groups per iteration: four while values and constants about fit the 16 vector registers, two for long bodies. */
export function unrolling(bodies: readonly (Expr | null)[], limit = 12): 2 | 4 {
  let cost = 0;
  for (const body of bodies) for (const node of body ? topological(body) : []) cost += weightOf(node);
  return cost > limit ? 2 : 4;
}

const isEightByte = (dtype: DType): boolean => dtype === "float64" || dtype === "int64";

let kernels = 0;

/** @throws RuntimeError where vectors are missing, which all generated code is made of. */
export function requireSimd(): void {
  if (!features().simd)
    throw new RuntimeError(
      "this engine's WebAssembly has no SIMD, which the backend needs: Node 20, or a browser of 2023",
    );
}

/** Imports the functions of JavaScript that expressions need, by name. */
export function importHost(m: ModuleBuilder, bodies: Iterable<Expr | null>): Map<string, Func> {
  const host = new Map<string, Func>();
  const seen = new Set<Expr>();
  for (const root of bodies)
    for (const node of root ? topological(root, seen) : []) {
      seen.add(node);
      for (const name of hostImports(node.op, node.dtype))
        if (!host.has(name))
          host.set(
            name,
            m.importFunction("host", name, new Array<"f64">(hostArity(name)).fill("f64"), ["f64"]),
          );
    }
  return host;
}

/**
 * A module with the memory and the host functions that `bodies` need, and one exported function. Each has a name of
 * its own, since V8 hands out the code of an earlier module with equal bytes, revectorised or not.
 */
export function compileKernel<F>(
  memory: LinearMemory,
  bodies: readonly (Expr | null)[],
  params: readonly string[],
  body: (e: Emitter, params: FunctionParams) => void,
): F {
  requireSimd();
  const m = new ModuleBuilder();
  m.importMemory("env", "memory", { minPages: 1 });
  const host = importHost(m, bodies);
  const types: Record<string, "i32"> = {};
  for (const p of params) types[p] = "i32";
  const name = `kernel${kernels++}`;
  m.func(name, types, [], (f, locals) => body(new Emitter(f, m, memory, features(), host), locals), {
    export: true,
  });
  const module = new WebAssembly.Module(m.finish());
  const imports = { env: { memory: memory.wasm }, host: hostFunctions } as unknown as WebAssembly.Imports;
  return (new WebAssembly.Instance(module, imports).exports as Record<string, F>)[name]!;
}

type FunctionParams = Parameters<Parameters<ModuleBuilder["func"]>[3]>[1];
