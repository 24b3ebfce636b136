// Argument checks of the samplers, and numbers written as PyTorch's messages write them.
// Floor L0 (base). Wording from PyTorch 1.13.

import type { DType, TypedArray } from "../dtype.ts";
import { ArgumentError, RuntimeError } from "../errors.ts";

/** The arrays of floating-point tensors. */
export type FloatArray = Float32Array | Float64Array;

/** `value` with six significant digits, as C++ streams print a double: -0.123457, 1e-07, nan. */
export function showDouble(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (Object.is(value, -0)) return "-0";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const exponent = Number(value.toExponential(5).split("e")[1]);
  if (exponent >= -4 && exponent < 6) return String(Number(value.toPrecision(6)));
  const mantissa = Number(value.toExponential(5).split("e")[0]);
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** @throws RuntimeError with `message` unless `condition` holds (write it so that NaN fails). */
export function check(condition: boolean, message: () => string): void {
  if (!condition) throw new RuntimeError(message());
}

/** @throws RuntimeError if `value` is NaN. Differs from PyTorch, which fills the tensor with NaN. */
export function checkNotNaN(sampler: string, name: string, value: number): void {
  check(!Number.isNaN(value), () => `${sampler} expects ${name} to be a number, but found ${name}=nan`);
}

/** @throws RuntimeError unless `out` holds floating-point numbers; `kernel` is PyTorch's name in the message. */
export function checkFloatArray(kernel: string, out: TypedArray): asserts out is FloatArray {
  if (out instanceof Float32Array || out instanceof Float64Array) return;
  const dtype = {
    bool: "Bool",
    uint8: "Byte",
    int32: "Int",
    int64: "Long",
    float32: "Float",
    float64: "Double",
  };
  throw new RuntimeError(`"${kernel}" not implemented for '${dtype[dtypeOf(out)]}'`);
}

/** The dtype that an array holds; a Uint8Array counts as uint8, so samplers take "bool" as an argument. */
export function dtypeOf(array: TypedArray): DType {
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof BigInt64Array) return "int64";
  return "uint8";
}

/** @throws ArgumentError unless `value` is an integer; RuntimeError unless it fits 64 bits. */
export function toInt64(sampler: string, name: string, value: number | bigint): bigint {
  if (typeof value === "number" && !Number.isInteger(value)) {
    throw new ArgumentError(`${sampler}: argument '${name}' must be int, not float (${value})`);
  }
  const integer = BigInt(value);
  check(BigInt.asIntN(64, integer) === integer, () => "Overflow when unpacking long");
  return integer;
}
