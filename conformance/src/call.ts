// Calls PyTorch's functions by name: finds ours by the rule of names, binds the arguments, and checks that every
// option was looked at. README.md ("How a call is translated") states the rules.

import * as torch from "flambeau";
import type { Bound } from "./bind.ts";
import { bind, bindAsGiven } from "./bind.ts";
import { camelCase } from "./compare.ts";
import type { OwnSignature } from "./reflect.ts";
import { reflect } from "./reflect.ts";
import { isTuple, Unsupported } from "./values.ts";

type AnyFunction = (...args: unknown[]) => unknown;
type Keywords = Readonly<Record<string, unknown>>;

/** PyTorch's namespaces that have another place here. */
const homes: Readonly<Record<string, readonly string[]>> = {
  "utils.data": ["utils.data", "data", ""],
  "optim.swa_utils": ["optim.swaUtils", "optim.swa_utils", "optim"],
  "optim.lr_scheduler": ["optim.lrScheduler", "optim.lr_scheduler"],
  "nn.utils.rnn": ["nn.utils.rnn", "nn.utils"],
  "ops.aten": [""],
};

/** PyTorch's operators as functions; `__rsub__` and its like exchange the operands. */
const operators: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "@": "matmul",
  "**": "pow",
};
const dunders: Readonly<Record<string, string>> = {
  add: "add",
  sub: "sub",
  mul: "mul",
  truediv: "div",
  div: "div",
  floordiv: "floor_divide",
  mod: "remainder",
  matmul: "matmul",
  pow: "pow",
  and: "bitwise_and",
  or: "bitwise_or",
  xor: "bitwise_xor",
  lshift: "bitwise_left_shift",
  rshift: "bitwise_right_shift",
  eq: "eq",
  ne: "ne",
  lt: "lt",
  le: "le",
  gt: "gt",
  ge: "ge",
  neg: "neg",
  invert: "bitwise_not",
  abs: "abs",
  pos: "positive",
};

function member(root: unknown, path: readonly string[]): unknown {
  let value: unknown = root;
  for (const part of path) {
    if (part === "") continue;
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
    const record = value as Record<string, unknown>;
    value = record[part] ?? record[camelCase(part)];
  }
  return value;
}

/** Our function or class for a path below `torch`, or undefined. */
export function find(path: string): AnyFunction | undefined {
  const dot = path.lastIndexOf(".");
  const [space, name] = [path.slice(0, Math.max(dot, 0)), path.slice(dot + 1)];
  for (const home of homes[space] ?? [space]) {
    const value = member(torch, [...home.split("."), name]);
    if (typeof value === "function") return value as AnyFunction;
  }
  return undefined;
}

const isClass = (f: AnyFunction): boolean => /^class\b/.test(Function.prototype.toString.call(f));

const apply = (f: AnyFunction, self: unknown, bound: Bound): unknown =>
  isClass(f) ? Reflect.construct(f, bound.args) : Reflect.apply(f, self, bound.args);

/** Calls `f`, and makes sure that no option was passed in vain. */
function run(
  path: string,
  f: AnyFunction,
  own: OwnSignature | null,
  args: readonly unknown[],
  kwargs: Keywords,
  self?: object,
): unknown {
  const skip = self === undefined ? 0 : 1;
  if (own?.positional === null && Object.keys(kwargs).length > 0) {
    const attempt = asGiven(f, self, args.slice(skip), kwargs);
    if (attempt) return attempt.result;
  }
  const bound = bind(path, own, args, kwargs, skip);
  const result = apply(f, self, bound);
  if (bound.unread.size > 0) throw new Unsupported(`option ${[...bound.unread].join(", ")} is not taken`);
  return result;
}

/** A function of `...args` does not show whether it takes keywords as options. It does if it looks at all of them. */
function asGiven(
  f: AnyFunction,
  self: unknown,
  args: readonly unknown[],
  kwargs: Keywords,
): { result: unknown } | null {
  const bound = bindAsGiven(args, kwargs);
  const state = torch.getRngState();
  try {
    const result = apply(f, self, bound);
    if (bound.unread.size === 0) return { result };
  } catch (error) {
    if (bound.unread.size === 0) throw error;
  }
  torch.setRngState(state);
  return null;
}

/** Calls our counterpart of the PyTorch function at `path`. @throws Unsupported if there is none. */
export function callFunction(path: string, args: readonly unknown[], kwargs: Keywords = {}): unknown {
  const name = path.replace(/^ops\.aten\./, "");
  const f = find(path);
  if (f) return run(name, f, reflect(f), args, kwargs);
  // PyTorch's functions are methods too, and the other way round.
  const [self] = args;
  if (torch.isTensor(self) && !name.includes(".") && method(self, name))
    return callMethod(self, name, args.slice(1), kwargs);
  throw new Unsupported(`no torch.${path}`);
}

const method = (self: object, name: string): AnyFunction | undefined => {
  const value = (self as Record<string, unknown>)[camelCase(name)];
  return typeof value === "function" ? (value as AnyFunction) : undefined;
};

/** Calls a method of a tensor, or of another object of ours. */
export function callMethod(
  self: unknown,
  name: string,
  args: readonly unknown[],
  kwargs: Keywords = {},
): unknown {
  const dunder = /^__(.*)__$/.exec(name);
  if (dunder) return callDunder(self, dunder[1]!, args);
  if ((typeof self !== "object" && typeof self !== "function") || self === null)
    throw new Unsupported(`method ${name} of a number`);
  const f = method(self, name);
  if (!f) throw new Unsupported(`no method ${name}`);
  if (!torch.isTensor(self)) return Reflect.apply(f, self, bind(name, reflect(f), args, kwargs).args);
  // The op behind a method shows its parameters, `this` being the first; a method of the class shows them without.
  const op = find(name) ?? find(name.replace(/_$/, ""));
  const own = op ? reflect(op) : reflect(f);
  const shifted =
    op || !own ? own : { ...own, positional: own.positional === null ? null : own.positional + 1 };
  return run(`Tensor.${name}`, f, shifted, [self, ...args], kwargs, self);
}

/** Operators of two Python numbers, which are no business of ours. */
const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  remainder: (a, b) => a - b * Math.floor(a / b),
  bitwise_and: (a, b) => a & b,
  bitwise_or: (a, b) => a | b,
  bitwise_xor: (a, b) => a ^ b,
};

function operate(path: string, left: unknown, right: unknown): unknown {
  const ofNumbers = arithmetic[path];
  if (ofNumbers && typeof left === "number" && typeof right === "number") return ofNumbers(left, right);
  return callFunction(path, [left, right]);
}

function callDunder(self: unknown, name: string, args: readonly unknown[]): unknown {
  const reflected = name.startsWith("r") && dunders[name.slice(1)];
  if (reflected) return operate(reflected, args[0], self);
  const path = dunders[name];
  if (!path) throw new Unsupported(`operator __${name}__`);
  return callFunction(path, [self, ...args]);
}

/** Calls a module with keywords: its `forward` shows the parameters. PyTorch's are those of the class's method. */
export function callForwardOf(module: object, args: readonly unknown[], kwargs: Keywords): unknown {
  const { forward } = module as { forward: AnyFunction };
  return run(`nn.${module.constructor.name}.forward`, module as AnyFunction, reflect(forward), args, kwargs);
}

/** `left + right` and its like. */
export const callOperator = (operator: string, left: unknown, right: unknown): unknown =>
  operate(operators[operator]!, left, right);

/** A property such as `x.T`; a method without arguments will do. */
export function property(self: unknown, name: string): unknown {
  const value = member(self, [name]);
  if (value === undefined) throw new Unsupported(`no property ${name}`);
  return typeof value === "function" && torch.isTensor(self) ? Reflect.apply(value, self, []) : value;
}

/** Whether PyTorch reads a list as a tuple: when something in it is more than a number. */
const actsAsTuple = (index: unknown): boolean =>
  Array.isArray(index) &&
  index.length < 32 &&
  index.some((v) => v === null || v === "..." || typeof v === "object");

/** `x[index]`: a tuple is a list of entries, anything else is one entry. */
export function subscript(self: unknown, index: unknown): unknown {
  if (!torch.isTensor(self)) {
    if (Array.isArray(self)) return self.at(Number(index));
    throw new Unsupported("subscript of something that is not a tensor");
  }
  return (self as { at(entries: unknown): unknown }).at(
    isTuple(index) || actsAsTuple(index) ? index : [index],
  );
}
