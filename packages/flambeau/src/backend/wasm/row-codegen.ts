// Code of row nests: for each row its reductions one after the other, then the results.
// Floor L2 (backend/wasm).

import type { DType } from "../../base/dtype.ts";
import type { RowNest, RowStage } from "../../ir/row.ts";
import { rowInput } from "../../ir/row.ts";
import type { Expr } from "../../ir/scalar.ts";
import { f32ToF64 } from "./casts.ts";
import { differences, evaluate, topological, unrolling } from "./codegen.ts";
import type { Code, Local } from "./encoder.ts";
import { i32, i32x4, select, v128 } from "./encoder.ts";
import type { Emitter, Group } from "./lanes.ts";
import { constantGroup, elementBytes, loadGroups, spread, storeGroups, widenMask } from "./lanes.ts";
import { emitOp } from "./ops.ts";
import { Accumulators, flushEvery, neutralGroup } from "./reduce-codegen.ts";

/**
 * Addresses that the kernel finds in its header, in this order: operands, kept rows of stages, maps, values, sums, and
 * once more the sums, in which those of float32 are gathered as float64.
 */
export const addressCount = (nest: RowNest): number =>
  nest.operands.length + nest.stages.length + nest.maps.length + nest.values.length + 2 * nest.sums.length;

/** In what sums over rows are gathered. */
export const wideOf = (dtype: DType): DType => (dtype === "float32" ? "float64" : dtype);

/** One element at an address, in all lanes. */
const loadOne = (e: Emitter, dtype: DType, at: Local): Group =>
  spread(e, dtype, loadGroups(e, dtype, at, 0, 1)[0]!);

/** A row of memory that a loop walks along. */
interface Track {
  readonly dtype: DType;
  readonly start: Local;
  readonly pointer: Local;
}

/** What is known while the code of one row is written. */
class RowEmitter {
  readonly e: Emitter;
  readonly nest: RowNest;
  readonly #n: Local;
  /** By input: rows with a value per element. */
  readonly #tracks = new Map<number, Track>();
  readonly #mapTracks: readonly Track[];
  readonly #sumTracks: readonly Track[];
  readonly #wideTracks: readonly Track[];
  /** Values that are the same for the whole row. */
  readonly #known = new Map<Expr, readonly Group[]>();
  readonly #rowInputs = new Map<number, Group>();
  readonly #perElement = new Map<Expr, boolean>();

  constructor(e: Emitter, nest: RowNest, n: Local, addresses: readonly Local[]) {
    this.e = e;
    this.nest = nest;
    this.#n = n;
    const track = (dtype: DType, start: Local): Track => ({ dtype, start, pointer: e.f.local("i32") });
    nest.operands.forEach(({ dtype, layout }, i) => {
      if (layout === "full" || layout === "column") this.#tracks.set(i, track(dtype, addresses[i]!));
    });
    const m = nest.operands.length;
    nest.stages.forEach(({ body, kept }, s) => {
      if (kept) this.#tracks.set(m + 2 * s + 1, track(body.dtype, addresses[m + s]!));
    });
    const first = m + nest.stages.length;
    this.#mapTracks = nest.maps.map(({ dtype }, i) => track(dtype, addresses[first + i]!));
    const sum = first + nest.maps.length + nest.values.length;
    this.#sumTracks = nest.sums.map(({ dtype }, i) => track(dtype, addresses[sum + i]!));
    const wide = sum + nest.sums.length;
    this.#wideTracks = nest.sums.map(({ dtype }, i) => track(wideOf(dtype), addresses[wide + i]!));
  }

  setRowInput(index: number, group: Group): void {
    this.#rowInputs.set(index, group);
  }

  #isPerElement(node: Expr): boolean {
    let known = this.#perElement.get(node);
    if (known === undefined) {
      known =
        node.op === "input"
          ? rowInput(this.nest, node.value)!.perElement
          : node.args.some((arg) => this.#isPerElement(arg));
      this.#perElement.set(node, known);
    }
    return known;
  }

  /** Computes what an expression needs of the row as a whole, before the loop over its elements. */
  #prepare(root: Expr, unrolled: number): Map<Expr, readonly Group[]> {
    const forLoop = new Map<Expr, readonly Group[]>();
    for (const node of topological(root))
      if (!this.#isPerElement(node)) {
        const group = this.rowValue(node);
        forLoop.set(node, new Array<Group>(unrolled).fill(group));
      }
    return forLoop;
  }

  /** The value of an expression that is the same for the whole row, in all lanes. */
  rowValue(root: Expr): Group {
    return evaluate(this.e, root, 1, (i) => [this.#rowInputs.get(i)!], this.#known)[0]!;
  }

  /** Inputs with a value per element that the expressions look at. */
  #used(roots: readonly Expr[]): Track[] {
    const used = new Set<number>();
    for (const root of roots)
      for (const node of topological(root))
        if (node.op === "input" && this.#isPerElement(node)) used.add(node.value);
    return [...used].map((i) => this.#tracks.get(i)!);
  }

  #loader(count: number): (index: number) => Group[] {
    const loaded = new Map<number, Group[]>();
    return (index) => {
      let groups = loaded.get(index);
      if (!groups) {
        const { dtype, pointer } = this.#tracks.get(index)!;
        groups = loadGroups(this.e, dtype, pointer, 0, count);
        loaded.set(index, groups);
      }
      return groups;
    };
  }

  #rewind(tracks: readonly Track[]): void {
    for (const { pointer, start } of tracks) this.e.f.set(pointer, start);
  }

  #advance(tracks: readonly Track[], elements: number): void {
    const { f } = this.e;
    for (const { dtype, pointer } of tracks) f.set(pointer, i32.add(pointer, elements * elementBytes[dtype]));
  }

  reduce(stage: RowStage, s: number): void {
    const { e } = this;
    const { f } = e;
    const { body, kept } = stage;
    const index = this.nest.operands.length + 2 * s;
    const count = unrolling([body]);
    const known = this.#prepare(body, count);
    const knownOne = this.#prepare(body, 1);
    const output = kept ? this.#tracks.get(index + 1)! : null;
    const tracks = [...this.#used([body]), ...(output ? [output] : [])];
    const sums = new Accumulators(e, stage, count);
    sums.reset();
    this.#rewind(tracks);
    const left = f.let("i32", this.#n);
    const step = 4 * count;
    const values = (unrolled: number, from: Map<Expr, readonly Group[]>): Group[] => {
      const groups = evaluate(e, body, unrolled, this.#loader(unrolled), new Map(from));
      if (output) storeGroups(e, body.dtype, groups, output.pointer, 0);
      return groups;
    };
    const many = (): Code => i32.ge_u(left, step);
    f.if(many(), () =>
      f.loop((nextBlock) => {
        const possible = f.let("i32", i32.div_u(left, step));
        const rounds = f.let(
          "i32",
          select("i32", possible, i32.const(flushEvery), i32.lt_u(possible, flushEvery)),
        );
        f.set(left, i32.sub(left, i32.mul(rounds, step)));
        f.loop((again) => {
          sums.add(values(count, known));
          this.#advance(tracks, step);
          f.set(rounds, i32.sub(rounds, 1));
          f.brIf(again, rounds);
        });
        sums.flush();
        f.brIf(nextBlock, many());
      }),
    );
    // What is left over, a group at a time; lanes past the end count as the neutral element.
    const lanes = f.hoist("lanes", "v128", () => v128.constI32(0, 1, 2, 3));
    const neutral = neutralGroup(e, stage.combine, body.dtype);
    f.if(left, () =>
      f.loop((again) => {
        const mask = e.v(i32x4.lt_s(lanes, i32x4.splat(left)));
        const [value] = values(1, knownOne) as [Group];
        const masks = value.length === 2 ? widenMask(e, mask) : [mask];
        const valid = value.map((x, h) => e.v(e.blend(x, neutral[h]!, masks[h]!)));
        const sum = sums.combine(body.dtype, sums.values[0]!, valid);
        sum.forEach((x, h) => f.set(sums.values[0]![h]!, x));
        this.#advance(tracks, 4);
        f.set(left, i32.sub(left, 4));
        f.brIf(again, i32.gt_s(left, 0));
      }),
    );
    this.setRowInput(index, spread(e, body.dtype, sums.across()));
  }

  /** Adds float32 sums over rows to those in float64, so that no chain of additions in float32 is long. */
  flush(): void {
    const { e, nest } = this;
    const { f } = e;
    const zero = constantGroup(e, "float32", 0);
    nest.sums.forEach(({ dtype }, i) => {
      if (dtype !== "float32") return;
      const [sum, wide] = [this.#sumTracks[i]!, this.#wideTracks[i]!];
      this.#rewind([sum, wide]);
      const left = f.let("i32", this.#n);
      f.if(left, () =>
        f.loop((again) => {
          const [terms] = loadGroups(e, "float32", sum.pointer, 0, 1);
          const [before] = loadGroups(e, "float64", wide.pointer, 0, 1);
          const after = add(e, "float64", before!, f32ToF64(e, terms![0]!));
          storeGroups(e, "float64", [after], wide.pointer, 0);
          storeGroups(e, "float32", [zero], sum.pointer, 0);
          this.#advance([sum, wide], 4);
          f.set(left, i32.sub(left, 4));
          f.brIf(again, i32.gt_s(left, 0));
        }),
      );
    });
  }

  maps(): void {
    const { e, nest } = this;
    const { f } = e;
    const bodies = [...nest.maps, ...nest.sums];
    if (bodies.length === 0) return;
    const count = unrolling(bodies);
    const known = new Map<Expr, readonly Group[]>();
    for (const body of bodies)
      for (const [node, groups] of this.#prepare(body, count)) known.set(node, groups);
    const tracks = [...this.#used(bodies), ...this.#mapTracks, ...this.#sumTracks];
    this.#rewind(tracks);
    const left = f.let("i32", this.#n);
    f.if(left, () =>
      f.loop((again) => {
        const load = this.#loader(count);
        const values = new Map(known);
        // All are computed before any is written.
        const results = bodies.map((body) => evaluate(e, body, count, load, values));
        nest.sums.forEach(({ dtype }, i) => {
          const { pointer } = this.#sumTracks[i]!;
          const before = loadGroups(e, dtype, pointer, 0, count);
          const terms = results[nest.maps.length + i]!;
          results[nest.maps.length + i] = before.map((sum, u) => add(e, dtype, sum, terms[u]!));
        });
        const outputs = [...this.#mapTracks, ...this.#sumTracks];
        results.forEach((groups, i) => {
          const { dtype, pointer } = outputs[i]!;
          storeGroups(e, dtype, groups, pointer, 0);
        });
        this.#advance(tracks, 4 * count);
        f.set(left, i32.sub(left, 4 * count));
        f.brIf(again, i32.gt_s(left, 0));
      }),
    );
  }
}

const add = (e: Emitter, dtype: DType, a: Group, b: Group): Group =>
  emitOp(e, "add", dtype, dtype, [a, b], []);

/**
 * run(rows, n, header): `header` is the address of the addresses, four bytes each (see {@link addressCount}), and of the number of
 * rows before float32 sums over rows are flushed.
 * Rows are written in order, and up to an iteration past their ends.
 */
export function emitRowNest(e: Emitter, nest: RowNest, rows: Local, n: Local, header: Local): void {
  const { f } = e;
  const m = nest.operands.length;
  const firstMap = m + nest.stages.length;
  const firstValue = firstMap + nest.maps.length;
  const addresses = Array.from({ length: addressCount(nest) }, (_, i) =>
    f.let("i32", i32.load(header, 4 * i)),
  );
  const bodies = [...nest.stages.map(({ body }) => body), ...nest.maps, ...nest.values, ...nest.sums];
  e.differences = differences(bodies, (input) => {
    const stage = nest.stages[(input - m) / 2];
    return stage?.combine === "max" ? stage.body : null;
  });
  const scalars = nest.operands.map(({ dtype, layout }, i) =>
    layout === "scalar" ? loadOne(e, dtype, addresses[i]!) : null,
  );
  const untilFlush = nest.sums.some(({ dtype }) => dtype === "float32")
    ? f.let("i32", i32.load(header, 4 * addressCount(nest)))
    : null;
  f.loop((nextRow) => {
    const row = new RowEmitter(e, nest, n, addresses);
    nest.operands.forEach(({ dtype, layout }, i) => {
      if (layout === "scalar") row.setRowInput(i, scalars[i]!);
      else if (layout === "row") row.setRowInput(i, loadOne(e, dtype, addresses[i]!));
    });
    nest.stages.forEach((stage, s) => {
      row.reduce(stage, s);
    });
    row.maps();
    nest.values.forEach((body, i) => {
      storeGroups(e, body.dtype, [row.rowValue(body)], addresses[firstValue + i]!, 0);
    });
    if (untilFlush) {
      f.set(untilFlush, i32.sub(untilFlush, 1));
      f.if(i32.eqz(untilFlush), () => {
        row.flush();
        f.set(untilFlush, flushEvery);
      });
    }
    // On to the next row.
    const bump = (address: Local, dtype: DType, perElement: boolean): void =>
      f.set(
        address,
        i32.add(address, perElement ? i32.mul(n, elementBytes[dtype]) : i32.const(elementBytes[dtype])),
      );
    nest.operands.forEach(({ dtype, layout }, i) => {
      if (layout === "full" || layout === "row") bump(addresses[i]!, dtype, layout === "full");
    });
    nest.maps.forEach(({ dtype }, i) => {
      bump(addresses[firstMap + i]!, dtype, true);
    });
    nest.values.forEach(({ dtype }, i) => {
      bump(addresses[firstValue + i]!, dtype, false);
    });
    f.set(rows, i32.sub(rows, 1));
    f.brIf(nextRow, rows);
  });
  if (untilFlush) f.do(i32.store(header, untilFlush, 4 * addressCount(nest)));
}
