// Code of one row of a row nest: its reductions, and its results.
// Floor L2 (backend/wasm).

import type { DType } from "../../base/dtype.ts";
import type { RowNest, RowStage } from "../../ir/row.ts";
import { rowInput } from "../../ir/row.ts";
import type { Expr } from "../../ir/scalar.ts";
import { f32ToF64 } from "./casts.ts";
import { addValues, evaluate, topological, unrolling, withShortcuts } from "./codegen.ts";
import type { Code, Local } from "./encoder.ts";
import { i32, select } from "./encoder.ts";
import type { Emitter, Group } from "./lanes.ts";
import { constantGroup, elementBytes, loadGroups, spread, storeGroups, widenMask } from "./lanes.ts";
import { emitOp } from "./ops.ts";
import { Accumulators, flushEvery, isWide, neutralGroup } from "./reduce-codegen.ts";
import { masksAt, wideOf } from "./row-header.ts";

/** A row of memory that a loop walks along. */
interface Track {
  readonly dtype: DType;
  readonly start: Local;
  readonly pointer: Local;
}

/** What is known while the code of one row is written. */
export class RowEmitter {
  readonly e: Emitter;
  readonly nest: RowNest;
  readonly #n: Local;
  readonly #scratch: Local;
  /** Whether sums of float32 have so many terms that they need accumulators in float64. */
  readonly #isLong: Local;
  /** By input: rows with a value per element. */
  readonly #tracks = new Map<number, Track>();
  readonly #mapTracks: readonly Track[];
  readonly #sumTracks: readonly Track[];
  readonly #wideTracks: readonly Track[];
  /** Values that are the same for the whole row. */
  readonly #known = new Map<Expr, readonly Group[]>();
  readonly #spread = new Map<Expr, Group>();
  readonly #rowInputs = new Map<number, Group>();
  readonly #perElement = new Map<Expr, boolean>();

  constructor(
    e: Emitter,
    nest: RowNest,
    [n, scratch, isLong]: readonly [Local, Local, Local],
    addresses: readonly Local[],
  ) {
    this.#isLong = isLong;
    this.e = e;
    this.nest = nest;
    this.#n = n;
    this.#scratch = scratch;
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
      if (!this.#isPerElement(node)) forLoop.set(node, new Array<Group>(unrolled).fill(this.#inLoops(node)));
    return forLoop;
  }

  #inLoops(node: Expr): Group {
    let group = this.#spread.get(node);
    if (!group) {
      group = this.rowValue(node);
      if (node.args.length > 0) group = spread(this.e, node.dtype, group, this.#scratch);
      this.#spread.set(node, group);
    }
    return group;
  }

  /** The value of an expression that is the same for the whole row, in all lanes. */
  rowValue(root: Expr): Group {
    const nodes = topological(root, this.#known);
    addValues(this.e, nodes, 1, (i) => [this.#rowInputs.get(i)!], this.#known);
    return this.#known.get(root)![0]!;
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
    const output = kept ? this.#tracks.get(index + 1)! : null;
    const tracks = [...this.#used([body]), ...(output ? [output] : [])];
    const sums = new Accumulators(e, stage, count, { scratch: this.#scratch });
    sums.reset();
    this.#rewind(tracks);
    const left = f.let("i32", this.#n);
    const step = 4 * count;
    const values = (): Group[] => {
      const load = this.#loader(count);
      const [groups] = withShortcuts(e, () => [evaluate(e, body, count, load, new Map(known))]);
      if (output) storeGroups(e, body.dtype, groups!, output.pointer, 0);
      return groups!;
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
          sums.add(values());
          this.#advance(tracks, step);
          f.set(rounds, i32.sub(rounds, 1));
          f.brIf(again, rounds);
        });
        if (isWide(stage)) f.if(this.#isLong, () => sums.flush());
        f.brIf(nextBlock, many());
      }),
    );
    // What is left over; lanes past the end count as the neutral element.
    f.if(left, () => {
      const neutral = neutralGroup(e, stage.combine, body.dtype);
      const masks = loadGroups(e, "int32", this.#scratch, masksAt(count), count);
      const cut = values().map((group, u): Group => {
        const [mask] = masks[u] as [Local];
        const halves = group.length === 2 ? widenMask(e, mask) : [mask];
        return group.map((x, h) => e.v(e.blend(x, neutral[h]!, halves[h]!)));
      });
      sums.add(cut);
    });
    const spreadTotal = (total: Group): Group => spread(e, body.dtype, total, this.#scratch);
    if (!isWide(stage)) this.setRowInput(index, spreadTotal(sums.across()));
    else {
      const total = e.f.local("v128");
      f.if(
        this.#isLong,
        () => f.set(total, sums.across()[0]!),
        () => f.set(total, sums.across(true)[0]!),
      );
      this.setRowInput(index, spreadTotal([total]));
    }
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
        // All are computed before any is written.
        const results = withShortcuts(e, () => {
          const values = new Map(known);
          return bodies.map((body) => evaluate(e, body, count, load, values));
        });
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
