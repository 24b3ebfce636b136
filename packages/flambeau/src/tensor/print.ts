// Tensors as text: exactly the strings of Python's repr(tensor), number formatting and line breaks included.
// Floor L3 (tensor). Source: torch/_tensor_str.py of PyTorch 1.13.

import type { DType } from "../base/dtype.ts";
import { getDefaultDType, isFloat } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import { numel } from "../base/shape.ts";
import type { AnyTensor } from "./tensor.ts";

/** How tensors are printed; see {@link setPrintoptions}. */
export interface PrintOptions {
  /** Digits after the decimal point of floating-point numbers. Default 4. */
  readonly precision?: number;
  /** Number of elements above which only the edges are printed. Default 1000. */
  readonly threshold?: number;
  /** Elements shown at each end of a summarised dimension. Default 3. */
  readonly edgeitems?: number;
  /** Characters per line, where lines are broken. Default 80. */
  readonly linewidth?: number;
  /** A set of the options above, which those given beside it override. */
  readonly profile?: "default" | "short" | "full";
  /** Scientific notation: always, never, or (null, left out) where the magnitudes ask for it. */
  readonly sciMode?: boolean | null;
}

const profiles = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Infinity, edgeitems: 3, linewidth: 80 },
} as const;

interface Settings {
  precision: number;
  threshold: number;
  edgeitems: number;
  linewidth: number;
  sciMode: boolean | null;
}

const settings: Settings = { ...profiles.default, sciMode: null };

/**
 * Sets options for printing. An option that is left out keeps its value, except `sciMode`, which every call
 * sets back to automatic unless given, as in PyTorch.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.set_printoptions.html
 */
export function setPrintoptions(options: PrintOptions): void {
  const { profile, sciMode, ...given } = options;
  if (profile !== undefined) Object.assign(settings, profiles[profile]);
  for (const key of ["precision", "threshold", "edgeitems", "linewidth"] as const) {
    const value = given[key];
    if (value !== undefined) settings[key] = value;
  }
  settings.sciMode = sciMode ?? null;
}

// ---- one number ---------------------------------------------------------------------------------------------

const nonFinite = (x: number): string => (Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf");
const sign = (x: number): string => (x < 0 || Object.is(x, -0) ? "-" : "");

/** Drops the last digit of a decimal that lies halfway; Python rounds such a tie to even, JavaScript away from 0. */
function tieToEven(longer: string, rounded: string): string {
  const kept = longer.slice(0, -1).replace(/\.$/, "");
  return Number(kept.at(-1)) % 2 === 0 ? kept : rounded;
}

/** Python's `f"{x:.{digits}f}"`. */
function fixed(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const a = Math.abs(x);
  // toFixed switches to the exponent form from 1e21 on.
  if (a >= 1e21) return `${sign(x)}${BigInt(a)}${digits > 0 ? `.${"0".repeat(digits)}` : ""}`;
  let text = a.toFixed(digits);
  // A decimal ending in 5 after `digits` places is exact only with at most digits + 1 binary places.
  if (Number.isInteger(a * 2 ** (digits + 1))) {
    const longer = a.toFixed(digits + 1);
    if (longer.endsWith("5")) text = tieToEven(longer, text);
  }
  return sign(x) + text;
}

/** Python's `f"{x:.{digits}e}"`: at least two digits of exponent. */
function scientific(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const a = Math.abs(x);
  const [rounded, exponent] = a.toExponential(digits).split("e") as [string, string];
  const longer = a.toExponential(digits + 1).split("e")[0]!;
  // Halfway if the 100 digits that JavaScript is able to give go on with zeros.
  const halfway = longer.endsWith("5") && /^0*e/.test(a.toExponential(100).slice(longer.length));
  const mantissa = halfway ? tieToEven(longer, rounded) : rounded;
  return `${sign(x)}${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

// ---- all numbers of a tensor, in columns of one width -------------------------------------------------------

type Element = number | bigint;
type Format = (x: Element) => string;

/** The formats of one tensor: what the class _Formatter of PyTorch decides from the elements that are shown. */
function formatterFor(values: readonly Element[], dtype: DType): { format: Format; width: number } {
  const { precision } = settings;
  if (!isFloat(dtype)) {
    const show: Format = dtype === "bool" ? (x) => (x ? "True" : "False") : String;
    const width = values.reduce<number>((w, x) => Math.max(w, show(x).length), 1);
    return { width, format: (x) => show(x).padStart(width) };
  }
  let width = 1;
  let integral = true;
  let smallest = Infinity;
  let largest = 0;
  const finite: number[] = [];
  for (const v of values) {
    const x = v as number;
    if (!Number.isFinite(x) || x === 0) continue;
    finite.push(x);
    integral &&= Number.isInteger(x);
    smallest = Math.min(smallest, Math.abs(x));
    largest = Math.max(largest, Math.abs(x));
  }
  let sci =
    finite.length > 0 && (largest / smallest > 1000 || largest > 1e8 || (!integral && smallest < 1e-4));
  const show = (x: number): string => {
    if (sci) return scientific(x, precision);
    if (!integral) return fixed(x, precision);
    return Number.isFinite(x) ? `${fixed(x, 0)}.` : nonFinite(x);
  };
  for (const x of finite) width = Math.max(width, show(x).length);
  // Widths come from the automatic choice even when the mode is forced, which zeros alone never are, as in PyTorch.
  if (finite.length > 0) sci = settings.sciMode ?? sci;
  return { width, format: (x) => show(x as number).padStart(width) };
}

/** The indices of a dimension that are shown. */
function shown(size: number, summarize: boolean): number[] {
  const edge = settings.edgeitems;
  if (!summarize || size <= 2 * edge) return Array.from({ length: size }, (_, i) => i);
  return Array.from({ length: 2 * edge }, (_, i) => (i < edge ? i : size - 2 * edge + i));
}

/** The elements between brackets; only those that are shown are read. */
function body(t: AnyTensor, indent: number): string {
  const shape: Shape = t.shape;
  const { strides, storage } = t;
  const summarize = numel(shape) > settings.threshold;
  const dims = shape.map((size) => shown(size, summarize));
  const values: Element[] = [];
  const collect = (dim: number, at: number): void => {
    if (dim === shape.length) values.push(storage.data[at]!);
    else for (const i of dims[dim]!) collect(dim + 1, at + i * strides[dim]!);
  };
  collect(0, t.offset);
  const { format, width } = formatterFor(values, t.dtype);

  // The second pass meets the elements in the order of the first.
  let next = 0;
  const withDots = (items: string[], size: number, dots: string): string[] => {
    if (items.length < size) items.splice(settings.edgeitems, 0, dots);
    return items;
  };
  const vector = (indent: number): string => {
    const indices = dims.at(-1)!;
    const items = withDots(
      indices.map(() => format(values[next++]!)),
      shape.at(-1)!,
      " ...",
    );
    const perLine = Math.max(1, Math.floor((settings.linewidth - indent) / (width + 2)));
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(", "));
    return `[${lines.join(`,\n${" ".repeat(indent + 1)}`)}]`;
  };
  const block = (dim: number, indent: number): string => {
    const below = shape.length - dim;
    if (below === 1) return vector(indent);
    const items = withDots(
      dims[dim]!.map(() => block(dim + 1, indent + 1)),
      shape[dim]!,
      "...",
    );
    return `[${items.join(`,${"\n".repeat(below - 1)}${" ".repeat(indent + 1)}`)}]`;
  };
  return shape.length === 0 ? format(values[0]!) : block(0, indent);
}

// ---- the whole ----------------------------------------------------------------------------------------------

function suffixes(t: AnyTensor, empty: boolean): string[] {
  const list: string[] = [];
  const dtype: DType = t.dtype;
  if (empty && t.shape.length !== 1) list.push(`size=(${t.shape.join(", ")})`);
  // An empty tensor has no elements that would tell integers and booleans from floats.
  const implied = dtype === getDefaultDType() || (!empty && (dtype === "int32" || dtype === "bool"));
  if (!implied) list.push(`dtype=torch.${dtype}`);
  const node = t.gradFn;
  if (node) list.push(`grad_fn=<${node.name}>`);
  else if (t.requiresGrad) list.push("requires_grad=True");
  return list;
}

/**
 * What Python's `repr(tensor)` gives: values, then `dtype`, `size`, `grad_fn` and `requires_grad` where they matter.
 *
 * Differs from PyTorch: int32, the default integer dtype here, is printed without its name, and int64 with it.
 */
export function formatTensor(t: AnyTensor): string {
  const prefix = "tensor(";
  const empty = numel(t.shape) === 0;
  let text = prefix + (empty ? "[]" : body(t, prefix.length));
  let column = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of suffixes(t, empty)) {
    if (column + suffix.length + 2 > settings.linewidth) {
      text += `,\n${" ".repeat(prefix.length)}${suffix}`;
      column = prefix.length + suffix.length;
    } else {
      text += `, ${suffix}`;
      column += suffix.length + 2;
    }
  }
  return `${text})`;
}

/** What Python's `repr(parameter)` gives; `nn.Parameter` returns it from its `toString`. */
export const formatParameter = (t: AnyTensor): string => `Parameter containing:\n${formatTensor(t)}`;
