// The names of optimizer state as PyTorch's state_dict spells them, and its numbers as Python prints them.
// Floor L5 (optim). Source: https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.state_dict.html

import { isFloat } from "../base/dtype.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

/** What `torch.save(optimizer.state_dict())` holds: `params` are numbers, which `state` is keyed by. */
export interface OptimizerStateDict {
  readonly state: { readonly [index: string]: { readonly [name: string]: unknown } };
  readonly param_groups: readonly {
    readonly params: readonly number[];
    readonly [option: string]: unknown;
  }[];
}

// PyTorch's names with capitals, which do not follow the rule.
const exceptions: ReadonlyMap<string, string> = new Map([
  ["hDiag", "H_diag"],
  ["T0", "T_0"],
  ["TCur", "T_cur"],
  ["TI", "T_i"],
  ["TMax", "T_max"],
  ["TMult", "T_mult"],
]);
const backwards: ReadonlyMap<string, string> = new Map(
  [...exceptions].map(([ours, theirs]) => [theirs, ours]),
);

/** `weightDecay` as `weight_decay`. */
export const snakeCase = (name: string): string =>
  exceptions.get(name) ?? name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** `weight_decay` as `weightDecay`; an underscore at the start stays. */
export const camelCase = (name: string): string =>
  backwards.get(name) ?? name.replace(/(?<=[A-Za-z0-9])_([a-z])/g, (_, c: string) => c.toUpperCase());

/** The entries of an object under the names that `rename` gives, values as they are. */
export function renamed(from: object, rename: (name: string) => string): Record<string, unknown> {
  const to: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(from)) if (value !== undefined) to[rename(name)] = value;
  return to;
}

/** Options whose lists are frozen: files have them as tuples, like PyTorch's `betas`. */
export function fixed(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, v]) => [name, Array.isArray(v) ? Object.freeze([...v]) : v]),
  );
}

/** A deep copy of a loaded value; tensors take the dtype of the parameter they belong to, but for step counts. */
export function adapted(value: unknown, param: AnyTensor, key: string): unknown {
  if (isTensor(value)) {
    const copy = value.detach().clone();
    return key !== "step" && isFloat(param.dtype) ? copy.to(param.dtype) : copy;
  }
  if (Array.isArray(value)) return value.map((v) => adapted(v, param, ""));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, adapted(v, param, k)]));
  return value;
}

/** An option as Python's `repr` shows it. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `(${value.map(pythonRepr).join(", ")}${value.length === 1 ? "," : ""})`;
  if (typeof value === "string") return value;
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) return String(value);
  // Python's exponents have two digits at least.
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}
