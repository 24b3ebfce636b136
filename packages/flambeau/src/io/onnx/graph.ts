// A graph of ONNX that grows node by node: names, constants, shapes that follow the inputs. Floor L5 (io).
// Source: https://onnx.ai/onnx/repo-docs/IR.html

import type { DType, Scalar, TypedArray } from "../../base/dtype.ts";
import { OnnxExporterError } from "./errors.ts";
import type { GraphValue } from "./merge.ts";
import { arrayOf, constantOf } from "./merge.ts";
import type { Dim, Dims } from "./sizes.ts";
import { affine, isSize, multiple, Size, sameDim, sameDims } from "./sizes.ts";

/** What a node gives or takes: a name in the graph. */
export interface Ref {
  readonly name: string;
  readonly dtype: DType;
}

/** An attribute that is a float, though its number may be an integer. */
export interface FloatAttribute {
  readonly float: number;
}
export const float = (value: number): FloatAttribute => ({ float: value });
/** Numbers are integers. */
export type Attribute = number | string | FloatAttribute | readonly number[] | readonly string[];
export type Attributes = Readonly<Record<string, Attribute>>;

export interface GraphNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface Initializer {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** What stands for the end of a dimension in slices. */
const farthest = Number.MAX_SAFE_INTEGER;

export class Graph {
  readonly opset: number;
  readonly nodes: GraphNode[] = [];
  readonly initializers: Map<string, Initializer> = new Map();
  /** Dtype and shape of named values, for those who look at the graph. */
  readonly shapes: Map<string, GraphValue> = new Map();
  /** The module whose call is written down. */
  module = "";
  readonly #parameters: (name: string) => TypedArray;
  readonly #varying: (g: Graph, value: GraphValue) => Ref;
  readonly #refs = new Map<GraphValue, Ref>();
  readonly #names = new Set<string>();
  readonly #states = new Map<string, Ref>();
  readonly #constants = new Map<string, Ref>();
  readonly #extents = new Map<string, { readonly size: Size; readonly of: Ref; readonly axis: number }>();
  readonly #sizes = new Map<string, Ref>();

  /**
   * @param parameters the elements of a tensor of the state dict
   * @param varying writes down a tensor that JavaScript made in other sizes for other inputs
   */
  constructor(
    opset: number,
    parameters: (name: string) => TypedArray,
    varying: (g: Graph, value: GraphValue) => Ref,
  ) {
    this.opset = opset;
    this.#parameters = parameters;
    this.#varying = varying;
  }

  // ---- nodes --------------------------------------------------------------------------------------------------

  /** A name that nothing else has. */
  unique(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** A node with one result, by default of the dtype of its first input. */
  node(op: string, inputs: readonly (Ref | null)[], attributes: Attributes = {}, dtype?: DType): Ref {
    return this.multi(op, inputs, attributes, [dtype ?? inputs[0]!.dtype])[0]!;
  }

  /** A node with several results; null for those that are not wanted. */
  multi(
    op: string,
    inputs: readonly (Ref | null)[],
    attributes: Attributes,
    results: readonly (DType | null)[],
  ): (Ref | null)[] {
    const name = this.unique(`/${this.module === "" ? "" : `${this.module.replaceAll(".", "/")}/`}${op}`);
    const refs = results.map((dtype, i) =>
      dtype ? { name: this.unique(`${name}_output_${i}`), dtype } : null,
    );
    const given = inputs.map((x) => x?.name ?? "");
    while (given.at(-1) === "") given.pop();
    const outputs = refs.map((x) => x?.name ?? "");
    while (outputs.at(-1) === "") outputs.pop();
    this.nodes.push({ op, name, inputs: given, outputs, attributes });
    return refs;
  }

  // ---- values -------------------------------------------------------------------------------------------------

  /** Lets `value` go by `ref`. */
  bind(value: GraphValue, ref: Ref): void {
    this.#refs.set(value, ref);
    if (!this.shapes.has(ref.name)) this.shapes.set(ref.name, value);
    value.shape.forEach((size, axis) => {
      if (isSize(size) && !this.#extents.has(size.key)) this.#extents.set(size.key, { size, of: ref, axis });
    });
  }

  /** What `value` goes by: of parameters and constants, an initializer. */
  ref(value: GraphValue): Ref {
    const known = this.#refs.get(value);
    if (known) return known;
    const { dtype, name } = value;
    let ref: Ref;
    if (value.origin === "state") {
      ref = this.#states.get(name) ?? { name: this.unique(name), dtype };
      this.#states.set(name, ref);
      this.initializers.set(ref.name, { ...ref, shape: value.shapes[0]!, data: this.#parameters(name) });
    } else {
      const data = constantOf(value);
      ref = data ? this.constant(data, dtype, value.shapes[0]!) : this.#varying(this, value);
    }
    this.bind(value, ref);
    return ref;
  }

  /** The elements of a value that is the same for all inputs, or null. */
  elements(value: GraphValue): TypedArray | null {
    return value.origin === "state" ? this.#parameters(value.name) : constantOf(value);
  }

  constant(data: TypedArray, dtype: DType, shape: readonly number[], name = "constant"): Ref {
    const key =
      data.length <= 16 ? `${dtype} [${shape}] ${[...data].map((v) => (Object.is(v, -0) ? "-0" : v))}` : null;
    const known = key && this.#constants.get(key);
    if (known) return known;
    const ref = { name: this.unique(name), dtype };
    this.initializers.set(ref.name, { name: ref.name, dtype, shape, data });
    if (key) this.#constants.set(key, ref);
    return ref;
  }

  scalar(value: Scalar, dtype: DType): Ref {
    return this.constant(arrayOf(dtype, [value]), dtype, []);
  }

  ints(values: readonly number[]): Ref {
    const data = BigInt64Array.from(values, (v) => (v >= farthest ? 2n ** 63n - 1n : BigInt(v)));
    return this.constant(data, "int64", [values.length]);
  }

  cast(x: Ref, dtype: DType): Ref {
    return x.dtype === dtype ? x : this.node("Cast", [x], { to: elementTypes[dtype] }, dtype);
  }

  // ---- sizes --------------------------------------------------------------------------------------------------

  /** A size as int64 [1]: an extent of a tensor that is there, or computed from such ones. */
  size(size: Size): Ref {
    const known = this.#sizes.get(size.key);
    if (known) return known;
    const ref = this.#computed(size);
    this.#sizes.set(size.key, ref);
    return ref;
  }

  #computed(size: Size): Ref {
    const extent = this.#extents.get(size.key);
    if (extent) return this.node("Shape", [extent.of], { start: extent.axis, end: extent.axis + 1 }, "int64");
    const all = [...this.#extents.values()];
    for (const e of all) {
      const found = affine(size, e.size);
      if (!found) continue;
      const { factor, summand } = found;
      const times =
        factor === 1 ? this.size(e.size) : this.node("Mul", [this.size(e.size), this.ints([factor])]);
      return summand === 0 ? times : this.node("Add", [times, this.ints([summand])]);
    }
    for (const a of all)
      for (const b of all) {
        const factor = multiple(size, a.size, b.size);
        if (factor === null) continue;
        const both = this.node("Mul", [this.size(a.size), this.size(b.size)]);
        return factor === 1 ? both : this.node("Mul", [both, this.ints([factor])]);
      }
    throw new OnnxExporterError(
      `ONNX export${this.module ? ` of ${this.module}` : ""}: a number that is ${size.values.join(", ")} for inputs of several sizes ` +
        "follows no extent of a tensor; leave the dimension out of dynamicAxes, or compute with tensors",
      this.module,
    );
  }

  /** A 0-d number. */
  number(value: Scalar | Size, dtype: DType): Ref {
    if (!isSize(value)) return this.scalar(value, dtype);
    const inverse = new Size(value.values.map((v) => Math.round(1 / v)));
    // One part of so many.
    if (value.values.every((v, i) => v === 1 / inverse.values[i]!))
      return this.node("Reciprocal", [this.number(inverse, dtype)]);
    return this.cast(this.node("Squeeze", [this.size(value), this.ints([0])]), dtype);
  }

  /** Extents as one int64 vector. */
  dims(dims: Dims): Ref {
    if (!dims.some(isSize)) return this.ints(dims as number[]);
    if (dims.length > 1)
      for (const [name, { dtype, shape }] of this.shapes)
        if (sameDims(shape, dims)) return this.node("Shape", [{ name, dtype }], {}, "int64");
    const parts: (number[] | Size)[] = [];
    for (const d of dims) {
      const last = parts.at(-1);
      if (isSize(d)) parts.push(d);
      else if (Array.isArray(last)) last.push(d);
      else parts.push([d]);
    }
    const refs = parts.map((p) => (Array.isArray(p) ? this.ints(p) : this.size(p)));
    return refs.length === 1 ? refs[0]! : this.node("Concat", refs, { axis: 0 });
  }

  reshape(x: Ref, from: Dims, to: Dims): Ref {
    if (sameDims(from, to)) return x;
    if (to.length === 0 || to.some((d) => d === 0))
      return this.node("Reshape", [x, this.dims(to)], { allowzero: 1 });
    // An extent at the same place is 0; of the others, one may be left to be found out.
    const kept = (i: number): boolean => isSize(to[i]) && i < from.length && sameDim(to[i]!, from[i]!);
    const open = to.flatMap((d, i) => (isSize(d) && !kept(i) ? [i] : []));
    if (open.length > 1) return this.node("Reshape", [x, this.dims(to)]);
    return this.node("Reshape", [x, this.ints(to.map((d, i) => (isSize(d) ? (kept(i) ? 0 : -1) : d)))]);
  }

  expand(x: Ref, from: Dims, to: Dims): Ref {
    const lead = to.length - from.length;
    const wanted = to.map((d, i) => (i >= lead && sameDim(from[i - lead]!, d) ? 1 : d));
    return wanted.every((d) => d === 1) && lead === 0 ? x : this.node("Expand", [x, this.dims(wanted)]);
  }

  /** Elements from `start` to before `end` along an axis of `length`; both within it. */
  slice(x: Ref, axis: number, start: Dim, end: Dim, length: Dim, step = 1): Ref {
    if (start === 0 && sameDim(end, length) && step === 1) return x;
    const place = (p: Dim): Ref => {
      if (!isSize(p)) return this.ints([p]);
      if (sameDim(p, length)) return this.ints([farthest]);
      // A fixed distance from the end needs no arithmetic.
      const fromEnd = isSize(length) ? affine(p, length) : null;
      return fromEnd?.factor === 1 && fromEnd.summand < 0 ? this.ints([fromEnd.summand]) : this.size(p);
    };
    const last = sameDim(end, length) ? this.ints([farthest]) : place(end);
    return this.node("Slice", [x, place(start), last, this.ints([axis]), this.ints([step])]);
  }
}

/** TensorProto.DataType. */
export const elementTypes: { readonly [D in DType]: number } = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};
