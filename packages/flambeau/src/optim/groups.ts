// Parameter groups: what an optimizer is given, the checks on it, and the live groups that it keeps.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/optim.html#per-parameter-options

import { ArgumentError, ValueError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

/** Tensors to optimize: a list of them, what `net.parameters()` returns, or one alone. */
export type Params = AnyTensor | Iterable<AnyTensor>;

/** Parameters with options that differ from the optimizer's. */
export type GroupInit<O> = { readonly params: Params } & { readonly [K in keyof O]?: O[K] | undefined };

/** A group as the optimizer keeps it: every option is set, and may be changed between steps. */
export type ParamGroup<O> = O & {
  params: AnyTensor[];
  /** The learning rate that a scheduler started from. */
  initialLr?: number;
};

/** What an optimizer is made from: parameters, or groups of them. */
export type ParamsInit<O> = Params | Iterable<GroupInit<O>>;

/** Splits the first argument of an optimizer into groups. @throws ValueError for none, ArgumentError for no parameters. */
export function groupsOf<O>(given: ParamsInit<O>): GroupInit<O>[] {
  if (isTensor(given)) return [{ params: [given] } as unknown as GroupInit<O>];
  if (given === null || typeof given !== "object" || !(Symbol.iterator in given))
    throw new ArgumentError(
      "params argument given to the optimizer should be an iterable of Tensors or groups ({ params, ...options }), " +
        `but got ${typeName(given)}`,
    );
  const items = [...given] as (AnyTensor | GroupInit<O>)[];
  if (items.length === 0) throw new ValueError("optimizer got an empty parameter list");
  const first = items[0]!;
  if (isTensor(first) || !isGroup(first)) return [{ params: items } as unknown as GroupInit<O>];
  return items as GroupInit<O>[];
}

const isGroup = (x: unknown): x is { readonly params: Params } =>
  typeof x === "object" && x !== null && "params" in x;

/** The parameters of a new group, checked. `taken` are those of the groups so far. */
export function checkedParams(
  group: unknown,
  taken: ReadonlySet<AnyTensor>,
  differentiable: boolean,
): AnyTensor[] {
  if (!isGroup(group) || isTensor(group))
    throw new ArgumentError("param group must be an object { params, ...options }");
  const params = isTensor(group.params) ? [group.params] : [...group.params];
  for (const p of params) {
    if (!isTensor(p))
      throw new ArgumentError(`optimizer can only optimize Tensors, but one of the params is ${typeName(p)}`);
    if (!differentiable && !p.isLeaf && !p.retainsGrad)
      throw new ValueError("can't optimize a non-leaf Tensor");
  }
  if (new Set(params).size !== params.length)
    console.warn(
      "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error",
    );
  if (params.some((p) => taken.has(p)))
    throw new ValueError("some parameters appear in more than one parameter group");
  return params;
}

function typeName(x: unknown): string {
  if (x === null || x === undefined) return String(x);
  return typeof x === "object" ? (x.constructor?.name ?? "object") : typeof x;
}
