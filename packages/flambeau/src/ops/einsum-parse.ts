// Reading what einsum is called with: equations and lists of subscripts, with and without ellipsis.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.einsum.html

import { ArgumentError, RuntimeError, ValueError } from "../base/errors.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

/** What is to be summed: names of dimensions as numbers, those of the ellipsis included. */
export interface Einsum {
  readonly operands: readonly AnyTensor[];
  /** For each operand, the names of its dimensions. */
  readonly subscripts: readonly (readonly number[])[];
  readonly output: readonly number[];
  /** A name as messages write it. */
  readonly show: (label: number) => string;
}

const ellipsis = -1;
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const show = (label: number): string => letters[label] ?? "...";

interface Subscripts {
  readonly inputs: readonly (readonly number[])[];
  /** null where it follows from the inputs. */
  readonly output: readonly number[] | null;
}

function readTerm(text: string, start: number, whom: string, separators: string): [number[], number] {
  const labels: number[] = [];
  let i = start;
  for (; i < text.length; i++) {
    const c = text[i]!;
    if (c === " ") continue;
    if (separators.includes(c)) break;
    if (c === ".") {
      if (labels.includes(ellipsis))
        throw new RuntimeError(`einsum(): found '.' for ${whom} for which an ellipsis was already found`);
      if (text.slice(i, i + 3) !== "...")
        throw new RuntimeError(`einsum(): found '.' for ${whom} that is not part of any ellipsis`);
      labels.push(ellipsis);
      i += 2;
      continue;
    }
    const label = letters.indexOf(c);
    if (label < 0)
      throw new RuntimeError(
        `einsum(): invalid subscript given at index ${i} in the equation string, subscripts must be in [a-zA-Z]`,
      );
    labels.push(label);
  }
  return [labels, i];
}

function readEquation(equation: string): Subscripts {
  const arrow = equation.indexOf("->");
  const left = arrow < 0 ? equation : equation.slice(0, arrow);
  const inputs: number[][] = [];
  let at = -1;
  do {
    const [labels, end] = readTerm(left, at + 1, `operand ${inputs.length}`, ",");
    inputs.push(labels);
    at = end;
  } while (at < left.length);
  return { inputs, output: arrow < 0 ? null : readTerm(equation, arrow + 2, "the output", "")[0] };
}

function readList(list: readonly unknown[]): number[] {
  return list.map((s, i) => {
    if (s === "..." && list.indexOf(s) !== i)
      throw new RuntimeError("einsum(): a list of subscripts has more than one ellipsis");
    if (s === "...") return ellipsis;
    if (typeof s !== "number" || !Number.isInteger(s) || s < 0 || s >= letters.length)
      throw new ValueError(
        `einsum(): subscript in subscript list is not within the valid range [0, ${letters.length}), got ${String(s)}`,
      );
    return s;
  });
}

function readArguments(args: readonly unknown[]): { operands: AnyTensor[]; subscripts: string | Subscripts } {
  const [first, ...rest] = args;
  if (args.length < 2)
    throw new ValueError(
      "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list",
    );
  if (typeof first === "string") {
    const operands = (rest.length === 1 && Array.isArray(rest[0]) ? rest[0] : rest) as AnyTensor[];
    operands.forEach(checkOperand);
    if (operands.length === 0) throw new RuntimeError("einsum(): must provide at least one operand");
    return { operands, subscripts: first };
  }
  const operands: AnyTensor[] = [];
  const inputs: number[][] = [];
  for (let i = 0; i + 1 < args.length; i += 2) {
    operands.push(checkOperand(args[i]));
    inputs.push(readList(checkList(args[i + 1])));
  }
  const output = args.length % 2 === 1 ? readList(checkList(args[args.length - 1])) : null;
  return { operands, subscripts: { inputs, output } };
}

function checkOperand(x: unknown): AnyTensor {
  if (!isTensor(x))
    throw new ArgumentError(`einsum(): expected a tensor as an operand, but got ${String(x)}`);
  return x;
}

function checkList(x: unknown): readonly unknown[] {
  if (!Array.isArray(x))
    throw new ArgumentError(`einsum(): expected a list of subscripts, but got ${String(x)}`);
  return x;
}

/** Equations that were read before, by the ranks of the operands. */
const known = new Map<string, Names>();
const knownLimit = 256;

type Names = Pick<Einsum, "subscripts" | "output">;

/** Reads the arguments of a call. @throws RuntimeError, ValueError or ArgumentError for what cannot be meant. */
export function parseEinsum(args: readonly unknown[]): Einsum {
  const { operands, subscripts } = readArguments(args);
  const ranks = operands.map((x) => x.ndim);
  if (typeof subscripts !== "string") return { operands, ...resolve(subscripts, ranks), show };
  const key = `${ranks.join()} ${subscripts}`;
  let names = known.get(key);
  if (!names) {
    names = resolve(readEquation(subscripts), ranks);
    if (known.size >= knownLimit) known.clear();
    known.set(key, names);
  }
  return { operands, subscripts: names.subscripts, output: names.output, show };
}

/** The names of the dimensions of operands of these ranks. */
function resolve({ inputs, output }: Subscripts, ranks: readonly number[]): Names {
  if (ranks.length !== inputs.length)
    throw new RuntimeError(
      `einsum(): ${ranks.length < inputs.length ? "fewer" : "more"} operands were provided than specified in the equation (${ranks.length}, ${inputs.length})`,
    );
  // Dimensions of an ellipsis are named from the last one: 52, 53, ...
  let covered = 0;
  const subscripts = ranks.map((rank, i) => {
    const labels = inputs[i]!;
    const open = labels.includes(ellipsis);
    const named = labels.length - (open ? 1 : 0);
    const free = rank - named;
    if (open ? free < 0 : free !== 0)
      throw new RuntimeError(
        `einsum(): the number of subscripts in the equation (${named}) ${open ? "is more than" : "does not match"} the number of dimensions (${rank}) for operand ${i}${open ? "" : " and no ellipsis was given"}`,
      );
    if (open) covered = Math.max(covered, free);
    return expanded(labels, free);
  });
  if (output === null) return { subscripts, output: implied(subscripts, covered) };
  const seen = new Set(subscripts.flat());
  output.forEach((l, i) => {
    if (output.indexOf(l) !== i)
      throw new RuntimeError(`einsum(): output subscript ${show(l)} appears more than once in the output`);
    if (l !== ellipsis && !seen.has(l))
      throw new RuntimeError(
        `einsum(): output subscript ${show(l)} does not appear in the equation for any input operand`,
      );
  });
  return { subscripts, output: expanded(output, covered) };
}

const expanded = (labels: readonly number[], covered: number): number[] =>
  labels.flatMap((l) =>
    l === ellipsis ? Array.from({ length: covered }, (_, i) => letters.length + covered - 1 - i) : [l],
  );

/** Those of the ellipsis, then the letters that occur once, in alphabetical order. */
function implied(subscripts: readonly (readonly number[])[], covered: number): number[] {
  const count = new Map<number, number>();
  for (const l of subscripts.flat()) count.set(l, (count.get(l) ?? 0) + 1);
  const once = [...count].filter(([l, n]) => n === 1 && l < letters.length).map(([l]) => l);
  return [...expanded([ellipsis], covered), ...once.sort((a, b) => a - b)];
}
