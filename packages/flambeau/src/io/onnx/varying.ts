// Tensors that JavaScript made, in other sizes for inputs of other sizes: what they were in several runs tells how to compute them.
// Floor L5 (io).

import type { TypedArray } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import { OnnxExporterError } from "./errors.ts";
import type { Graph, Ref } from "./graph.ts";
import type { GraphValue } from "./merge.ts";
import { arrayOf } from "./merge.ts";
import type { Dim } from "./sizes.ts";
import { isSize } from "./sizes.ts";

type Element = number | bigint;

const varyingAxes = (value: GraphValue): number[] => value.shape.flatMap((d, i) => (isSize(d) ? [i] : []));

/** The elements at index 0 of some axes. */
function firstAlong(data: TypedArray, shape: readonly number[], axes: readonly number[]): Element[] {
  const strides = shape.map((_, d) => numel(shape.slice(d + 1)));
  const found: Element[] = [];
  for (let i = 0; i < data.length; i++)
    if (axes.every((d) => Math.floor(i / strides[d]!) % shape[d]! === 0)) found.push(data[i]!);
  return found;
}

/** Whether slices along the axes are all alike. */
function isRepeated(
  data: TypedArray,
  shape: readonly number[],
  axes: readonly number[],
  once: readonly Element[],
): boolean {
  const strides = shape.map((_, d) => numel(shape.slice(d + 1)));
  let kept = 1;
  const keptStrides = shape.map(() => 0);
  for (let d = shape.length - 1; d >= 0; d--) {
    if (axes.includes(d)) continue;
    keptStrides[d] = kept;
    kept *= shape[d]!;
  }
  for (let i = 0; i < data.length; i++) {
    let at = 0;
    for (let d = 0; d < shape.length; d++) at += (Math.floor(i / strides[d]!) % shape[d]!) * keptStrides[d]!;
    if (!Object.is(data[i], once[at])) return false;
  }
  return true;
}

/** One slice, expanded. */
function repeated(g: Graph, value: GraphValue): Ref | null {
  const axes = varyingAxes(value);
  const datas = value.data as TypedArray[];
  const once = firstAlong(datas[0]!, value.shapes[0]!, axes);
  if (!datas.every((data, run) => isRepeated(data, value.shapes[run]!, axes, once))) return null;
  const from = value.shape.map((d) => (isSize(d) ? 1 : d));
  const all = once.every((v) => Object.is(v, once[0])) && once.length > 0;
  const scalar = all ? from.map(() => 1) : (from as number[]);
  const start = g.constant(arrayOf(value.dtype, all ? once.slice(0, 1) : once), value.dtype, scalar);
  return g.expand(start, scalar, value.shape);
}

/** Numbers at even distances, along the one axis that varies. */
function range(g: Graph, value: GraphValue): Ref | null {
  const axes = varyingAxes(value);
  const others = value.shape.filter((_, d) => !axes.includes(d));
  if (axes.length !== 1 || others.some((d) => d !== 1)) return null;
  const datas = value.data as TypedArray[];
  const long = datas.find((d) => d.length > 1);
  if (!long) return null;
  const [start, step] = [Number(long[0]), Number(long[1]) - Number(long[0])];
  const even = datas.every((data) => data.every((v, i) => Number(v) === start + i * step));
  if (!even) return null;
  const length = value.shape[axes[0]!] as Dim;
  const numbers = g.node("Range", [
    g.scalar(0, "int64"),
    g.number(length as number, "int64"),
    g.scalar(1, "int64"),
  ]);
  const cast = g.cast(numbers, value.dtype);
  const scaled = step === 1 ? cast : g.node("Mul", [cast, g.scalar(step, value.dtype)]);
  const moved = start === 0 ? scaled : g.node("Add", [scaled, g.scalar(start, value.dtype)]);
  return g.reshape(moved, [length], value.shape);
}

/** Two values, one of them on a diagonal of the last two dimensions, or on one side of it: masks of the future. */
function diagonal(g: Graph, value: GraphValue): Ref | null {
  const rank = value.shape.length;
  if (rank < 2 || value.shape.slice(0, -2).some((d) => d !== 1)) return null;
  const datas = value.data as TypedArray[];
  const [m, n] = value.shapes[0]!.slice(-2) as [number, number];
  const [first] = datas as [TypedArray];
  const [low, high] = [first[(m - 1) * n]!, first[n - 1]!];
  const fits = (inside: (d: number) => boolean, a: Element, b: Element): boolean =>
    datas.every((data, run) => {
      const width = value.shapes[run]!.at(-1)!;
      return data.every((v, i) => Object.is(v, inside((i % width) - Math.floor(i / width)) ? a : b));
    });
  const one = value.shape.map(() => 1);
  const ones = (): Ref => g.expand(g.constant(arrayOf("float32", [1]), "float32", one), one, value.shape);
  const below = (k: number): Ref =>
    g.cast(g.node("Trilu", [ones(), g.scalar(k, "int64")], { upper: 0 }), "bool");
  const chosen = (mask: Ref, a: Element, b: Element): Ref => {
    const dtype = value.dtype === "bool" ? "uint8" : value.dtype;
    return g.cast(g.node("Where", [mask, g.scalar(a, dtype), g.scalar(b, dtype)], {}, dtype), value.dtype);
  };
  // On and below the diagonal k, `low`; above it, `high`.
  const k = [...first.subarray(0, n)].findIndex((v) => Object.is(v, high)) - 1;
  if (fits((d) => d <= k, low, high)) return chosen(below(k), low, high);
  const at = first.findIndex((v) => !Object.is(v, low));
  if (at < 0) return null;
  const on = (at % n) - Math.floor(at / n);
  if (!fits((d) => d === on, first[at]!, low)) return null;
  return chosen(g.node("And", [below(on), g.node("Not", [below(on - 1)])]), first[at]!, low);
}

/** @throws OnnxExporterError for elements that follow no rule that is known here */
export function varyingConstant(g: Graph, value: GraphValue): Ref {
  const known = value.data.every((d) => d !== null);
  const found =
    known && value.shape.some(isSize) ? (repeated(g, value) ?? range(g, value) ?? diagonal(g, value)) : null;
  if (found) return found;
  const sizes = value.shapes.map((s) => `[${s.join(", ")}]`).join(", ");
  throw new OnnxExporterError(
    `ONNX export${g.module ? ` of ${g.module}` : ""}: a constant of shape ${sizes} depends on the sizes of the inputs in a way that ONNX ` +
      "cannot be told: make it of zeros, ones, arange or a triangle by ops, slice it from a buffer, or leave the dimension out of dynamicAxes",
    g.module,
  );
}
