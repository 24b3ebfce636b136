// NumPy's scalars, arrays and dtypes in pickles: numbers, texts and tensors of the same elements. Floor L5 (io).
// Source: https://numpy.org/doc/stable/reference/generated/numpy.ndarray.__setstate__.html

import type { TypedArray } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import { contiguousStrides, isContiguous } from "../../base/shape.ts";
import { Storage } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { readElement, Tensor } from "../../tensor/tensor.ts";
import type { ElementFormat } from "../elements.ts";
import { arrayFor, bytesOf, elementsOf, swapBytes } from "../elements.ts";
import { formatOf } from "../numpy/header.ts";
import type { Machine } from "./machine.ts";
import { cost } from "./machine.ts";
import { expectArgs } from "./python.ts";
import type { PyCall } from "./values.ts";
import { PyGlobal, Stateful } from "./values.ts";

/** `numpy.dtype("f4")`. Its byte order comes later. */
class NumpyDType extends Stateful {
  readonly code: string;
  big = false;

  constructor(code: string) {
    super();
    this.code = code;
  }
  setState(state: unknown, m: Machine): void {
    const order = m.isTuple(state) ? state[1] : undefined;
    expectArgs(m, "numpy.dtype.__setstate__", typeof order === "string" && "<>|=".includes(order));
    this.big = order === ">";
  }
  settle(): string {
    return this.code;
  }
  /** How elements lie in memory. @throws FileError for objects, complex numbers, dates and records */
  format(m: Machine): ElementFormat {
    return formatOf(this.code, (problem) => m.rules.bad(`it holds a NumPy array: ${problem}`)).format;
  }
}

/** Elements from bytes. */
function decoded(m: Machine, dtype: NumpyDType, bytes: Uint8Array, n: number): TypedArray {
  const format = dtype.format(m);
  if (bytes.length !== n * format.bytes)
    throw m.bad(`a NumPy array of ${n} elements of ${dtype.code} comes with ${bytes.length} bytes`);
  m.spend(cost.tensor + 2 * bytes.length);
  const raw = bytes.slice();
  if (dtype.big) swapBytes(raw, format.bytes);
  const data = arrayFor(format, n);
  if (!format.decode) bytesOf(data).set(raw);
  else
    try {
      format.decode(raw.buffer, data);
    } catch (error) {
      throw m.rules.bad((error as Error).message);
    }
  return data;
}

/** Bytes that Python 2 may have written as text. */
const rawBytes = (x: unknown): Uint8Array | null =>
  x instanceof Uint8Array ? x : typeof x === "string" ? new TextEncoder().encode(x) : null;

function makeTensor(
  m: Machine,
  name: string,
  dtype: unknown,
  shape: unknown,
  fortran: boolean,
  content: unknown,
): AnyTensor {
  const bytes = rawBytes(content);
  expectArgs(m, name, dtype instanceof NumpyDType && m.isTuple(shape) && shape.length <= 64);
  dtype.format(m);
  expectArgs(m, name, bytes !== null);
  const extents = shape as number[];
  const n = elementsOf(extents);
  expectArgs(m, name, n !== null);
  const data = decoded(m, dtype, bytes, n);
  const strides = fortran ? columnStrides(extents) : contiguousStrides(extents);
  return new Tensor(
    new Storage(data),
    [...extents],
    dtype.format(m).dtype,
    strides,
    0,
    isContiguous(extents, strides),
    null,
  );
}

const columnStrides = (shape: Shape): number[] => [...contiguousStrides([...shape].reverse())].reverse();

/** An array that is made empty, and then gets its state: (version, shape, dtype, whether columns come first, bytes). */
class NumpyArray extends Stateful {
  tensor: AnyTensor | null = null;
  readonly #m: Machine;

  constructor(m: Machine) {
    super();
    this.#m = m;
  }
  setState(state: unknown, m: Machine): void {
    const name = "numpy.ndarray.__setstate__";
    expectArgs(m, name, m.isTuple(state) && state.length === 5 && typeof state[3] === "boolean");
    const [, shape, dtype, fortran, content] = state;
    this.tensor = makeTensor(m, name, dtype, shape, fortran as boolean, content);
  }
  settle(): AnyTensor {
    if (this.tensor) return this.tensor;
    throw this.#m.rules.bad("its pickle holds a NumPy array without elements");
  }
}

/** The tensor of an array that was read whole. */
export const tensorOfNumpy = (x: unknown): AnyTensor | null => (x instanceof NumpyArray ? x.tensor : null);

/** A number, a boolean, or a text out of an array. */
function scalar(m: Machine, name: string, dtype: unknown, content: unknown): unknown {
  const bytes = rawBytes(content);
  expectArgs(m, name, dtype instanceof NumpyDType && bytes !== null);
  if (/^U\d+$/.test(dtype.code)) {
    const codes = bytes.slice();
    if (dtype.big) swapBytes(codes, 4);
    expectArgs(m, name, codes.length % 4 === 0);
    const points = [...new Uint32Array(codes.buffer)];
    expectArgs(
      m,
      name,
      points.every((p) => p <= 0x10ffff),
    );
    m.spend(cost.slot * points.length);
    return points.map((p) => String.fromCodePoint(p)).join("");
  }
  const data = decoded(m, dtype, bytes, 1);
  return readElement(data, 0, dtype.format(m).dtype);
}

const calls: Readonly<Record<string, PyCall | null>> = {
  "numpy.ndarray": null,
  "numpy.dtype": ([code], m) => {
    expectArgs(m, "numpy.dtype", typeof code === "string" && code.length < 100);
    const order = code[0];
    const dtype = new NumpyDType(order !== undefined && "<>|=".includes(order) ? code.slice(1) : code);
    dtype.big = order === ">";
    m.spend(cost.container);
    return dtype;
  },
  "numpy.core.multiarray._reconstruct": ([type], m) => {
    expectArgs(
      m,
      "numpy.core.multiarray._reconstruct",
      type instanceof PyGlobal && type.name === "numpy.ndarray",
    );
    m.spend(cost.container);
    return new NumpyArray(m);
  },
  "numpy.core.multiarray.scalar": ([dtype, content], m) =>
    scalar(m, "numpy.core.multiarray.scalar", dtype, content),
  "numpy.core.numeric._frombuffer": ([content, dtype, shape, order], m) =>
    makeTensor(m, "numpy.core.numeric._frombuffer", dtype, shape, order === "F", content),
};

/** Names by their full path. */
export const numpyGlobals: ReadonlyMap<string, PyGlobal> = new Map(
  Object.entries(calls).map(([name, call]) => [name, new PyGlobal(name, call)]),
);
