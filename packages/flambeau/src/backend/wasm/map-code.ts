// The loop of a map nest: over streaming buffers, or wherever pointers say.
// Floor L2 (backend/wasm).

import { dtypes } from "../../base/dtype.ts";
import type { MapNest } from "../../ir/nest.ts";
import type { Expr, ScalarOp } from "../../ir/scalar.ts";
import { put } from "./code.ts";
import { evaluate, unrolling } from "./codegen.ts";
import type { Arg, Code, Local } from "./encoder.ts";
import { f32x4, i32, v128 } from "./encoder.ts";
import type { Emitter, Group } from "./lanes.ts";
import { constantGroup, elementBytes, loadGroups, loadScalar, storeGroups } from "./lanes.ts";
import { bufferBytes, maxChunk, operandAddress, outputAddress } from "./memory.ts";

/** Elements that fit the streaming buffers. */
export function chunkOf(nest: MapNest): number {
  let bytes = dtypes[nest.body.dtype].bytes;
  for (const o of nest.operands) if (!o.scalar) bytes = Math.max(bytes, dtypes[o.dtype].bytes);
  return Math.min(maxChunk, bufferBytes / bytes);
}

/** Bodies up to this cost are computed four groups at a time: maps have no sums to keep in registers. */
const longest = 16;

/** Where the kernel of a map finds its operands and its result: an address, with a pointer of its own or a shared one. */
export interface Places {
  operand(index: number): readonly [pointer: Local, address: number];
  readonly result: readonly [pointer: Local, address: number];
  /** What moves on with each round, by bytes an element. */
  readonly moving: readonly (readonly [pointer: Local, width: number])[];
}

/** In the streaming buffers: one pointer for each width of elements. */
function buffered(e: Emitter, nest: MapNest): Places {
  const widths = new Set<1 | 4 | 8>([elementBytes[nest.body.dtype]]);
  for (const o of nest.operands) if (!o.scalar) widths.add(elementBytes[o.dtype]);
  const pointers = new Map([...widths].map((w) => [w, e.f.local("i32")]));
  return {
    operand: (index) => [pointers.get(elementBytes[nest.operands[index]!.dtype])!, operandAddress(index)],
    result: [pointers.get(elementBytes[nest.body.dtype])!, outputAddress],
    moving: [...pointers].map(([w, p]) => [p, w]),
  };
}

/** Wherever the parameters point to. */
export function anywhere(nest: MapNest, out: Local, operands: readonly Local[]): Places {
  const moving: [Local, number][] = [[out, elementBytes[nest.body.dtype]]];
  nest.operands.forEach((o, i) => {
    if (!o.scalar) moving.push([operands[i]!, elementBytes[o.dtype]]);
  });
  return { operand: (index) => [operands[index]!, 0], result: [out, 0], moving };
}

type Instruction = (x: Arg, y: Arg) => Code;
const instructions: { readonly [Op in ScalarOp]?: Instruction } = {
  neg: (x) => f32x4.neg(x),
  abs: (x) => f32x4.abs(x),
  sqrt: (x) => f32x4.sqrt(x),
  add: f32x4.add,
  sub: f32x4.sub,
  mul: f32x4.mul,
  div: f32x4.div,
};

/** Whether a body is a few instructions of float32 that use each array once, and no other value twice. */
function isShort({ body, operands }: MapNest): boolean {
  const seen = new Set<Expr>();
  let count = 0;
  const fits = (node: Expr): boolean => {
    if (node.dtype !== "float32") return false;
    if (node.op === "const" || (node.op === "input" && operands[node.value]!.scalar)) return true;
    if (seen.has(node)) return false;
    seen.add(node);
    if (node.op === "input") return true;
    return instructions[node.op] !== undefined && ++count <= 3 && node.args.every(fits);
  };
  return body.op in instructions && fits(body);
}

/**
 * A round of such a body. Values go by way of the stack: a local that is set in a loop counts against the pairs that V8 makes of
 * vectors, and in so short a loop that outweighs what pairs save (revectorize.ts).
 */
function emitShort(e: Emitter, nest: MapNest, count: number, places: Places): void {
  const codeOf = (node: Expr, u: number): Arg => {
    if (node.op === "const") return constantGroup(e, "float32", node.value)[0]!;
    if (node.op !== "input") {
      const [x, y] = node.args.map((arg) => codeOf(arg, u));
      return instructions[node.op]!(x!, y ?? x!);
    }
    if (nest.operands[node.value]!.scalar) return loadScalar(e, "float32", operandAddress(node.value))[0]!;
    const [pointer, address] = places.operand(node.value);
    return v128.load(pointer, address + 16 * u);
  };
  const [to, toAddress] = places.result;
  const groups = Array.from({ length: count }, (_, u) => u);
  const values: number[] = [];
  for (const u of groups) {
    put(values, "i32", to);
    put(values, "v128", codeOf(nest.body, u));
  }
  e.f.do(values);
  for (const u of groups.reverse()) e.f.do(v128.store([], [], toAddress + 16 * u));
}

/**
 * One loop without a remainder: the last round reads and writes past n, inside the guard zone of buffers and results. So an
 * element's bits do not depend on where in an array it stands. Says whether a round may read its operands a second time after
 * it has written its result.
 */
export function emitMap(e: Emitter, nest: MapNest, n: Local, places: Places = buffered(e, nest)): boolean {
  const { f } = e;
  const count = unrolling([nest.body], longest);
  const [pointer, width] = places.moving[0]!;
  const short = isShort(nest);
  const end = f.let("i32", i32.add(pointer, i32.mul(n, width)));
  let twice = false;

  f.loop((again) => {
    if (short) {
      emitShort(e, nest, count, places);
      for (const [p, w] of places.moving) f.set(p, i32.add(p, 4 * count * w));
      f.brIf(again, i32.lt_u(pointer, end));
      return;
    }
    const inputs = new Map<number, Group[]>();
    const input = (index: number): Group[] => {
      let groups = inputs.get(index);
      if (!groups) {
        const { dtype, scalar } = nest.operands[index]!;
        groups = scalar
          ? new Array<Group>(count).fill(loadScalar(e, dtype, operandAddress(index)))
          : loadGroups(e, dtype, ...places.operand(index), count);
        inputs.set(index, groups);
      }
      return groups;
    };
    const compute = (): void => {
      const results = evaluate(e, nest.body, count, input);
      storeGroups(e, nest.body.dtype, results, ...places.result);
    };
    e.rare = [];
    compute();
    const masks = e.rare;
    e.rare = null;
    twice = masks.length > 0;
    if (twice)
      f.if(v128.any_true(masks.slice(1).reduce<Code | Local>((a, b) => v128.or(a, b), masks[0]!)), () => {
        inputs.clear();
        compute();
      });
    for (const [p, w] of places.moving) f.set(p, i32.add(p, 4 * count * w));
    f.brIf(again, i32.lt_u(pointer, end));
  });
  return twice;
}
