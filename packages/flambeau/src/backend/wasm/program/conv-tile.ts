// The register tile of convolutions: rows by vectors of sums over a nest of loops whose extents are all known.
// Floor L2 (backend/wasm/program).

import type { Func, FunctionBuilder, Local, ModuleBuilder } from "../encoder.ts";
import { i32, v128 } from "../encoder.ts";
import type { Element } from "../matmul/elements.ts";
import { bump, countDown, i32s } from "../matmul/elements.ts";
import { storeVectors } from "../stores.ts";
import { repeat } from "./repeat.ts";

/** `count` rounds; a and b move by so many bytes a round. */
export interface TileLoop {
  readonly count: number;
  readonly a: number;
  readonly b: number;
}

export interface TileSpec {
  readonly rows: number;
  /** Of 16 bytes. */
  readonly vectors: number;
  /** Where rows of a are: so many bytes apart, at these offsets, or at offsets in a table in memory. */
  readonly aRow: number | readonly number[] | "table";
  readonly cRow: number | "table";
  /** The innermost last. */
  readonly loops: readonly TileLoop[];
  /** Whether the sums are added to c. */
  readonly add: boolean;
  /** Whether a has vectors as b has, and the products are those of their elements. */
  readonly elementwise?: boolean;
  /** Whether the rounds of the outermost loop are given at the call, in place of its count. */
  readonly given?: boolean;
}

const unroll = 4;

/** tile(a, b, c, aTable, cTable, rounds): c[r, :] = sum over the loops of a[r] * b[:]. Small and called often, as V8 likes it. */
export function tileFunction(module: ModuleBuilder, e: Element, spec: TileSpec): Func {
  const name = `convTile ${JSON.stringify(spec)}`;
  return module.helper(name, () =>
    module.func("convTile", i32s("a", "b", "c", "aTable", "cTable", "rounds"), [], (f, x) =>
      emitTile(f, e, spec, x),
    ),
  );
}

type Params = { readonly [K in "a" | "b" | "c" | "aTable" | "cTable" | "rounds"]: Local };

function emitTile(f: FunctionBuilder, e: Element, spec: TileSpec, x: Params): void {
  const { rows, vectors, aRow, cRow } = spec;
  const pointers =
    aRow === "table"
      ? Array.from({ length: rows }, (_, r) => f.let("i32", i32.add(x.a, i32.load(x.aTable, 4 * r))))
      : [x.a];
  const offsets = Array.from({ length: rows }, (_, r) =>
    aRow === "table" ? 0 : typeof aRow === "number" ? r * aRow : aRow[r]!,
  );
  const acc = Array.from({ length: rows * vectors }, () => f.let("v128", e.zero));
  const av = Array.from({ length: spec.elementwise ? vectors : 1 }, () => f.local("v128"));
  const bv = Array.from({ length: vectors }, () => f.local("v128"));
  const move = (a: number, b: number): void => {
    if (a !== 0) for (const p of pointers) bump(f, p, a);
    if (b !== 0) bump(f, x.b, b);
  };
  const steps = ({ a, b }: TileLoop, count: number): void => {
    for (let u = 0; u < count; u++) {
      bv.forEach((v, i) => f.set(v, v128.load(x.b, u * b + 16 * i)));
      for (let r = 0; r < rows; r++) {
        const [from, at] = [pointers[aRow === "table" ? r : 0]!, u * a + offsets[r]!];
        if (!spec.elementwise) f.set(av[0]!, e.splat(from, at));
        else av.forEach((v, i) => f.set(v, v128.load(from, at + 16 * i)));
        bv.forEach((v, i) =>
          f.set(acc[r * vectors + i]!, e.madd(av[spec.elementwise ? i : 0]!, v, acc[r * vectors + i]!)),
        );
      }
    }
    move(count * a, count * b);
  };
  const nest = (depth: number): void => {
    const loop = spec.loops[depth]!;
    const inner = depth === spec.loops.length - 1;
    // Going round an inner nest moves the pointers too: what is left to move is the difference.
    const travelled = { a: 0, b: 0 };
    const next = spec.loops[depth + 1];
    if (next) {
      travelled.a = next.a * next.count;
      travelled.b = next.b * next.count;
    }
    const round = (): void => {
      nest(depth + 1);
      move(loop.a - travelled.a, loop.b - travelled.b);
    };
    if (depth === 0 && spec.given) {
      f.if(x.rounds, () => countDown(f, x.rounds, round));
      return;
    }
    if (!inner) {
      repeat(f, loop.count, round);
      return;
    }
    const each = loop.count <= 2 * unroll ? loop.count : unroll;
    if (each === 0) return;
    repeat(f, Math.floor(loop.count / each), () => steps(loop, each));
    if (loop.count % each > 0) steps(loop, loop.count % each);
  };
  if (spec.loops.every((l) => l.count > 0)) nest(0);
  for (let r = 0; r < rows; r++) {
    const to = cRow === "table" ? f.let("i32", i32.add(x.c, i32.load(x.cTable, 4 * r))) : x.c;
    if (cRow !== "table" && r > 0) bump(f, to, cRow);
    const sums = acc.slice(r * vectors, (r + 1) * vectors);
    if (spec.add) {
      // All loads before the first store, or V8 could not pair them.
      bv.forEach((v, i) => f.set(v, v128.load(to, 16 * i)));
      bv.forEach((v, i) => f.set(sums[i]!, e.add(v, sums[i]!)));
    }
    storeVectors(f, sums, to, 0);
  }
}
