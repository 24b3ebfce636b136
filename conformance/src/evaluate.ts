// Evaluates the Python expressions of the fixtures (`torch.add(*args, **kwargs)`, `args[0][args[1]]`,
// `RandomSampler(range(10), num_samples=4)`) with our functions.

import { callFunction, callMethod, callOperator, find, property, subscript } from "./call.ts";
import type { Expression } from "./python.ts";
import { parsePython } from "./python.ts";
import { asTuple, Unsupported } from "./values.ts";

/** A namespace of PyTorch, by its path below `torch`. */
class Namespace {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** Values of the names that an expression uses; `torch` is always known. */
export type Names = Readonly<Record<string, unknown>>;

/** Where a bare name such as `Linear` or `RandomSampler` may be found. */
const searched = ["", "nn.", "utils.data.", "nn.init.", "optim."] as const;

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function nameValue(name: string, names: Names): unknown {
  if (Object.hasOwn(names, name)) return names[name];
  if (name === "torch") return new Namespace("");
  throw new Unsupported(`the name ${name}`);
}

const child = (space: Namespace, name: string): string =>
  space.path === "" ? name : `${space.path}.${name}`;

/** PyTorch's functions and classes are told from namespaces by what exists; a path that nothing has is taken as a function. */
function attribute(object: unknown, name: string): unknown {
  if (!(object instanceof Namespace)) return property(object, name);
  return new Namespace(child(object, name));
}

function call(e: Expression & { kind: "call" }, names: Names): unknown {
  const args: unknown[] = [];
  const kwargs: Record<string, unknown> = {};
  for (const a of e.args) {
    const value = evaluate(a.value, names);
    if (a.spread === "*") args.push(...(value as unknown[]));
    else if (a.spread === "**") Object.assign(kwargs, value);
    else if (a.keyword !== null) kwargs[a.keyword] = value;
    else args.push(value);
  }
  const { callee } = e;
  if (callee.kind === "attribute") {
    const object = evaluate(callee.object, names);
    return object instanceof Namespace
      ? callFunction(child(object, callee.name), args, kwargs)
      : callMethod(object, callee.name, args, kwargs);
  }
  if (callee.kind !== "name") throw new Unsupported("a call of something that is not a name");
  if (callee.name === "range") return range(Number(args[0]));
  const space = searched.find((s) => find(s + callee.name));
  if (space === undefined) throw new Unsupported(`no ${callee.name}`);
  return callFunction(space + callee.name, args, kwargs);
}

function evaluate(e: Expression, names: Names): unknown {
  switch (e.kind) {
    case "constant":
      return e.value;
    case "name":
      return nameValue(e.name, names);
    case "attribute":
      return attribute(evaluate(e.object, names), e.name);
    case "list":
      return e.items.map((x) => evaluate(x, names));
    case "tuple":
      return asTuple(e.items.map((x) => evaluate(x, names)));
    case "negative":
      return negative(evaluate(e.operand, names));
    case "binary":
      return callOperator(e.operator, evaluate(e.left, names), evaluate(e.right, names));
    case "call":
      return call(e, names);
    case "subscript": {
      const object = evaluate(e.object, names);
      if (e.index.kind !== "slice") return subscript(object, evaluate(e.index, names));
      if (!Array.isArray(object)) throw new Unsupported("a slice of something that is not a list");
      const bound = (x: Expression | null): number | undefined =>
        x === null ? undefined : Number(evaluate(x, names));
      return object.slice(bound(e.index.start), bound(e.index.end));
    }
    default:
      throw new Unsupported(`Python's ${e.kind}`);
  }
}

const negative = (value: unknown): unknown =>
  typeof value === "number" ? -value : callMethod(value, "neg", []);

/** The value of a Python expression. @throws Unsupported for what we have no counterpart of. */
export const evaluatePython = (text: string, names: Names): unknown => evaluate(parsePython(text), names);
