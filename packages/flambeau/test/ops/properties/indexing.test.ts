// at, set, indexSelect, gather, scatter, take, put and masks against plain loops over coordinates.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as torch from "../../../src/index.ts";
import type { Coords, Plain, Shape, Tensor } from "./plain.ts";
import {
  anyLayout,
  build,
  coordinates,
  count,
  elements,
  laid,
  mostlyFull,
  numbered,
  placeOf,
  read,
  runs,
} from "./plain.ts";

/** One entry of an index, as JavaScript writes it and as the model reads it. */
type Item =
  | { readonly kind: "int"; readonly at: number }
  | {
      readonly kind: "slice";
      readonly start: number | null;
      readonly end: number | null;
      readonly step: number;
    }
  | {
      readonly kind: "list";
      readonly shape: Shape;
      readonly at: readonly number[];
      readonly dtype: "int32" | "int64";
    }
  | {
      readonly kind: "mask";
      readonly shape: Shape;
      readonly on: readonly boolean[];
      readonly dtype: "bool" | "uint8";
    }
  | { readonly kind: "new" }
  | { readonly kind: "all"; readonly skip: number }
  | { readonly kind: "bool"; readonly on: boolean };

const ours = (item: Item): unknown => {
  switch (item.kind) {
    case "int":
      return item.at;
    case "slice":
      return { start: item.start, end: item.end, step: item.step };
    case "list":
      return torch.tensor([...item.at], { dtype: item.dtype }).reshape([...item.shape]);
    case "mask":
      return torch.tensor(item.on.map(Number), { dtype: item.dtype }).reshape([...item.shape]);
    case "new":
      return null;
    case "all":
      return "...";
    default:
      return item.on;
  }
};

/** What a dimension of the result reads: the places of a source dimension, or an index tensor's dimension. */
type Axis =
  | { readonly kind: "slice"; readonly dim: number; readonly places: readonly number[] }
  | { readonly kind: "new" }
  | { readonly kind: "index"; readonly dim: number | null; readonly index: Plain };

/** The places of x that an index names, in the shape of the result: NumPy's rules, written out. */
function named(shape: Shape, items: readonly Item[]): Plain<Coords> {
  const axes: Axis[] = [];
  const fixed = new Map<number, number>();
  let d = 0;
  const whole = (dim: number): Axis => ({
    kind: "slice",
    dim,
    places: Array.from({ length: shape[dim]! }, (_, i) => i),
  });
  for (const item of items) {
    const n = shape[d] ?? 0;
    // An index tensor without dimensions is a number.
    if (item.kind === "int" || (item.kind === "list" && item.shape.length === 0)) {
      const [i] = [item.at].flat() as [number];
      fixed.set(d++, i < 0 ? i + n : i);
    } else if (item.kind === "slice") {
      const clip = (v: number): number => Math.min(Math.max(v < 0 ? v + n : v, 0), n);
      const places: number[] = [];
      for (let i = clip(item.start ?? 0); i < clip(item.end ?? n); i += item.step) places.push(i);
      axes.push({ kind: "slice", dim: d++, places });
    } else if (item.kind === "list")
      axes.push({
        kind: "index",
        dim: d++,
        index: { shape: item.shape, data: item.at.map((i) => (i < 0 ? i + n : i)) },
      });
    else if (item.kind === "mask") {
      const on = coordinates(item.shape).filter((_, i) => item.on[i]);
      item.shape.forEach((_, k) => {
        axes.push({ kind: "index", dim: d + k, index: { shape: [on.length], data: on.map((c) => c[k]!) } });
      });
      d += item.shape.length;
    } else if (item.kind === "new") axes.push({ kind: "new" });
    else if (item.kind === "bool")
      axes.push({ kind: "index", dim: null, index: { shape: [item.on ? 1 : 0], data: item.on ? [0] : [] } });
    else for (let i = 0; i < item.skip; i++) axes.push(whole(d++));
  }
  while (d < shape.length) axes.push(whole(d++));
  const indexed = axes.flatMap((a, i) => (a.kind === "index" ? [i] : []));
  const together = indexed.every((p, i) => p === indexed[0]! + i);
  const rank = Math.max(0, ...indexed.map((i) => (axes[i] as Axis & { kind: "index" }).index.shape.length));
  const broadcast = Array.from({ length: rank }, (_, k) => {
    const sizes = indexed.map((i) => {
      const s = (axes[i] as Axis & { kind: "index" }).index.shape;
      return s[k - rank + s.length] ?? 1;
    });
    return sizes.find((n) => n !== 1) ?? 1;
  });
  const others = axes.flatMap((a, i) => (a.kind === "index" ? [] : [i]));
  const before = indexed.length > 0 && together ? others.filter((i) => i < indexed[0]!).length : 0;
  const sizes = others.map((i) => {
    const a = axes[i]!;
    return a.kind === "slice" ? a.places.length : 1;
  });
  const result = [...sizes.slice(0, before), ...broadcast, ...sizes.slice(before)];
  return build(result, (at) => {
    const own = [...at.slice(0, before), ...at.slice(before + rank)];
    const lookup = at.slice(before, before + rank);
    const source = shape.map((_, dim) => fixed.get(dim) ?? 0);
    others.forEach((i, k) => {
      const a = axes[i]!;
      if (a.kind === "slice") source[a.dim] = a.places[own[k]!]!;
    });
    for (const i of indexed) {
      const { dim, index } = axes[i] as Axis & { kind: "index" };
      const lead = rank - index.shape.length;
      if (dim !== null)
        source[dim] = read(
          index,
          index.shape.map((n, k) => (n === 1 ? 0 : lookup[k + lead]!)),
        );
    }
    return source;
  });
}

/** Shapes that broadcast with each other: each index tensor of a case takes its own from these. */
const indexShapes: readonly Shape[] = [[], [2], [1], [2, 1], [1, 2]];

/** An index for a shape; `numbers` decide. */
function itemsFor(shape: Shape, numbers: readonly number[]): Item[] {
  let next = 0;
  const take = (n: number): number => numbers[next++ % numbers.length]! % Math.max(n, 1);
  const items: Item[] = [];
  // True elements of masks must be as many as the index tensors have: two, or masks stay away.
  let hasMask = false;
  let hasLists = false;
  let hasEllipsis = false;
  let d = 0;
  const stop = take(5) === 0 ? take(shape.length + 1) : shape.length;
  while (d < stop) {
    const n = shape[d]!;
    const what = take(10);
    if (what === 0 && n > 0) {
      items.push({ kind: "int", at: take(2 * n) - n });
      d++;
    } else if (what === 1) items.push({ kind: "new" });
    else if (what === 2 && !hasEllipsis) {
      const skip = take(shape.length - d + 1);
      hasEllipsis = true;
      items.push({ kind: "all", skip });
      d += skip;
    } else if (what <= 5 && n > 0 && !hasMask) {
      hasLists = true;
      const s = indexShapes[take(indexShapes.length)]!;
      const at = Array.from({ length: count(s) }, () => take(2 * n) - n);
      items.push({ kind: "list", shape: s, at, dtype: take(2) ? "int32" : "int64" });
      d++;
    } else if (what === 6 && !hasMask && !hasLists) {
      hasMask = true;
      const rank = 1 + take(Math.min(2, shape.length - d));
      const s = shape.slice(d, d + rank);
      items.push({
        kind: "mask",
        shape: s,
        on: Array.from({ length: count(s) }, () => take(2) === 1),
        dtype: take(2) ? "bool" : "uint8",
      });
      d += rank;
    } else if (what === 7 && take(3) === 0 && !hasMask && !hasLists) {
      items.push({ kind: "bool", on: take(3) > 0 });
      hasMask = true;
    } else {
      const bound = (): number | null => (take(3) === 0 ? null : take(2 * n + 3) - n - 1);
      items.push({ kind: "slice", start: bound(), end: bound(), step: 1 + take(3) });
      d++;
    }
  }
  // The ellipsis stands for what the other entries leave, so with one all dimensions are named.
  while (hasEllipsis && d++ < shape.length) items.push({ kind: "slice", start: null, end: null, step: 1 });
  return items;
}

const cases = fc.tuple(mostlyFull(5), fc.array(fc.nat(1000), { minLength: 12, maxLength: 40 }), anyLayout);

describe("at and set", () => {
  test("at", () => {
    fc.assert(
      fc.property(cases, ([shape, numbers, layout]) => {
        const items = itemsFor(shape, numbers);
        const values = numbered(shape);
        const x = laid(values, layout);
        const y = x.at(...(items.map(ours) as torch.AnyTensor[]));
        const expected = named(shape, items);
        expect(y.shape).toEqual(expected.shape);
        expect(elements(y)).toEqual(expected.data.map((at) => read(values, at)));
        // Index tensors (0-d ones stand for numbers) and masks copy, everything else is a view.
        const copies = items.some(
          (i) => (i.kind === "list" && i.shape.length > 0) || i.kind === "mask" || i.kind === "bool",
        );
        expect(y.storage === x.storage).toBe(!copies);
      }),
      runs(600),
    );
  });
  test("set", () => {
    fc.assert(
      fc.property(cases, ([shape, numbers, layout]) => {
        const items = itemsFor(shape, numbers);
        const x = laid(numbered(shape), layout);
        const where = named(shape, items);
        const source: Plain = { shape: where.shape, data: where.data.map((_, i) => -1 - i) };
        const expected = [...numbered(shape).data];
        where.data.forEach((at, i) => {
          expected[placeOf(shape, at)] = source.data[i]!;
        });
        expect(x.set(items.map(ours) as torch.AnyTensor[], laid(source, layout))).toBe(x);
        expect(elements(x)).toEqual(expected);
        x.set(items.map(ours) as torch.AnyTensor[], 0.5);
        for (const at of where.data) expected[placeOf(shape, at)] = 0.5;
        expect(elements(x)).toEqual(expected);
      }),
      runs(600),
    );
  });
  test("the gradient of at counts how often an element is read", () => {
    fc.assert(
      fc.property(cases, ([shape, numbers]) => {
        const items = itemsFor(shape, numbers);
        const x = laid(numbered(shape), "packed").detach().requiresGrad_();
        const where = named(shape, items);
        const weights: Plain = { shape: where.shape, data: where.data.map((_, i) => i + 1) };
        x.at(...(items.map(ours) as torch.AnyTensor[]))
          .mul(laid(weights, "packed"))
          .sum()
          .backward();
        const expected = new Array<number>(count(shape)).fill(0);
        where.data.forEach((at, i) => {
          expected[placeOf(shape, at)]! += i + 1;
        });
        expect(elements(x.grad!)).toEqual(expected);
      }),
      runs(200),
    );
  });
  test("indices out of range and too many of them", () => {
    fc.assert(
      fc.property(mostlyFull(4), fc.nat(3), fc.boolean(), (shape, over, below) => {
        const x = torch.zeros(shape);
        expect(() => x.at(...shape.map(() => ":"), 0)).toThrow(torch.IndexError);
        shape.forEach((n, d) => {
          const bad = below ? -n - 1 - over : n + over;
          const front = shape.slice(0, d).map(() => ":");
          expect(() => x.at(...front, bad)).toThrow(torch.IndexError);
          expect(() => x.at(...front, torch.tensor([bad]))).toThrow(torch.IndexError);
          expect(() => x.at(...front, torch.tensor(bad))).toThrow(torch.IndexError);
          expect(() => x.set([...front, torch.tensor([bad])], 1)).toThrow(torch.IndexError);
          expect(() => x.at(...front, torch.ones([n + 1], { dtype: "bool" }))).toThrow(torch.IndexError);
          expect(() => x.at(...front, torch.tensor([0.5]))).toThrow(torch.IndexError);
        });
      }),
      runs(60),
    );
  });
});

/** A shape with at least one dimension and an element, one of its dimensions, and numbers to make indices of. */
const along = fc.tuple(
  fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }).filter((s) => count(s) <= 200),
  fc.nat(20),
  fc.array(fc.nat(1000), { minLength: 1, maxLength: 30 }),
  anyLayout,
);
const replaced = (at: Coords, d: number, v: number): Coords => at.map((i, k) => (k === d ? v : i));
const indexOf = (shape: Shape, numbers: readonly number[], size: number, seed: number): Plain => ({
  shape,
  data: Array.from(
    { length: count(shape) },
    (_, i) => (numbers[(i + seed) % numbers.length]! + 7 * i) % size,
  ),
});
const dtype = fc.constantFrom("int32" as const, "int64" as const);
const index = (x: Plain, type: "int32" | "int64"): Tensor =>
  torch.tensor([...x.data], { dtype: type }).reshape([...x.shape]);

describe("along a dimension", () => {
  test("indexSelect, indexAdd, indexCopy, indexFill", () => {
    fc.assert(
      fc.property(along, dtype, ([shape, a, numbers, layout], type) => {
        const d = a % shape.length;
        const n = shape[d]!;
        const at = indexOf([numbers.length % 5], numbers, n, a);
        const x = numbered(shape);
        const picked = [...shape.slice(0, d), at.shape[0]!, ...shape.slice(d + 1)];
        const own = laid(x, layout);
        const dim = a % 2 ? d - shape.length : d;
        expect(elements(own.indexSelect(dim, index(at, type)))).toEqual(
          build(picked, (c) => read(x, replaced(c, d, at.data[c[d]!]!))).data,
        );
        const source: Plain = {
          shape: picked,
          data: Array.from({ length: count(picked) }, (_, i) => 100 + i),
        };
        const [added, copied, filled] = [[...x.data], [...x.data], [...x.data]];
        coordinates(picked).forEach((c, i) => {
          const p = placeOf(shape, replaced(c, d, at.data[c[d]!]!));
          added[p]! += 2 * source.data[i]!;
          copied[p] = source.data[i]!;
          filled[p] = -1;
        });
        expect(elements(own.indexAdd(dim, index(at, type), laid(source, layout), { alpha: 2 }))).toEqual(
          added,
        );
        expect(elements(own.indexCopy(dim, index(at, type), laid(source, layout)))).toEqual(copied);
        expect(elements(own.indexFill(dim, index(at, type), -1))).toEqual(filled);
        expect(elements(own)).toEqual(x.data);
      }),
      runs(200),
    );
  });
  test("gather, scatter and its reductions", () => {
    fc.assert(
      fc.property(along, dtype, fc.boolean(), ([shape, a, numbers, layout], type, includeSelf) => {
        const d = a % shape.length;
        // An index smaller than x but along d, where it may be longer.
        const inner = shape.map((n, k) => (k === d ? numbers.length % 6 : Math.max(0, n - ((a >> k) % 2))));
        const at = indexOf(inner, numbers, shape[d]!, a);
        const x = numbered(shape);
        const own = laid(x, layout);
        expect(elements(own.gather(d, index(at, type)))).toEqual(
          build(inner, (c) => read(x, replaced(c, d, read(at, c)))).data,
        );
        // A source larger than the index: only its corner is read.
        const larger = inner.map((n) => n + 1);
        const source: Plain = {
          shape: larger,
          data: Array.from({ length: count(larger) }, (_, i) => (i % 5) - 2),
        };
        const s = laid(source, layout);
        const met = x.data.map((): number[] => []);
        const written = [...x.data];
        for (const c of coordinates(inner)) {
          const p = placeOf(shape, replaced(c, d, read(at, c)));
          written[p] = read(source, c);
          met[p]!.push(read(source, c));
        }
        expect(elements(own.scatter(d, index(at, type), s))).toEqual(written);
        expect(elements(own.scatterAdd(d, index(at, type), s))).toEqual(
          x.data.map((v, p) => met[p]!.reduce((t, w) => t + w, v)),
        );
        const reductions = {
          sum: (vs: number[]) => vs.reduce((t, v) => t + v, 0),
          prod: (vs: number[]) => vs.reduce((t, v) => t * v, 1),
          mean: (vs: number[]) => vs.reduce((t, v) => t + v, 0) / vs.length,
          amax: (vs: number[]) => Math.max(...vs),
          amin: (vs: number[]) => Math.min(...vs),
        };
        for (const how of Object.keys(reductions) as (keyof typeof reductions)[]) {
          const y = elements(own.scatterReduce(d, index(at, type), s, how, { includeSelf })) as number[];
          x.data.forEach((v, p) => {
            const expected =
              met[p]!.length === 0 ? v : reductions[how](includeSelf ? [v, ...met[p]!] : met[p]!);
            expect(y[p]).toBeCloseTo(expected, 9);
          });
        }
      }),
      runs(200),
    );
  });
  test("indices that these ops do not take", () => {
    fc.assert(
      fc.property(along, fc.boolean(), ([shape, a, , layout], below) => {
        const d = a % shape.length;
        const x = laid(numbered(shape), layout);
        const bad = below ? -1 : shape[d]!;
        const one = shape.map(() => 1);
        const where = index({ shape: one, data: [bad] }, "int32");
        expect(() => x.gather(d, where)).toThrow(torch.RuntimeError);
        expect(() => x.scatter(d, where, 1)).toThrow(torch.RuntimeError);
        expect(() => x.scatterAdd(d, where, torch.ones(one, { dtype: "float64" }))).toThrow(
          torch.RuntimeError,
        );
        expect(() => x.indexSelect(d, torch.tensor([bad]))).toThrow(torch.IndexError);
        expect(elements(x)).toEqual(numbered(shape).data);
      }),
      runs(100),
    );
  });
});

describe("flat places and masks", () => {
  test("take and put", () => {
    fc.assert(
      fc.property(along, dtype, fc.boolean(), ([shape, a, numbers, layout], type, accumulate) => {
        const n = count(shape);
        const inner = [2, numbers.length % 4];
        // Negative places count from the end.
        const at: Plain = { shape: inner, data: indexOf(inner, numbers, 2 * n, a).data.map((i) => i - n) };
        const x = numbered(shape);
        const own = laid(x, layout);
        const places = at.data.map((i) => (i + n) % n);
        expect(elements(own.take(index(at, type)))).toEqual(places.map((p) => x.data[p]));
        const source: Plain = { shape: inner, data: places.map((_, i) => 100 + i) };
        const expected = [...x.data];
        places.forEach((p, i) => {
          expected[p] = accumulate ? expected[p]! + source.data[i]! : source.data[i]!;
        });
        own.put_(index(at, type), laid(source, layout), accumulate);
        expect(elements(own)).toEqual(expected);
      }),
      runs(200),
    );
  });
  test("nonzero, maskedSelect, maskedFill, maskedScatter", () => {
    fc.assert(
      fc.property(cases, fc.nat(), ([shape, numbers, layout], skip) => {
        // The mask broadcasts: without leading dimensions, some extents 1.
        const small = shape
          .slice(skip % (shape.length + 1))
          .map((n, d) => (numbers[d]! % 4 === 0 && n > 0 ? 1 : n));
        const mask: Plain = indexOf(small, numbers, 2, 0);
        const on = (at: Coords): boolean =>
          read(
            mask,
            small.map((n, d) => (n === 1 ? 0 : at[d + shape.length - small.length]!)),
          ) === 1;
        const m = laid(mask, layout, "bool");
        const x = numbered(shape);
        const own = laid(x, layout);
        const all = coordinates(shape);
        expect(elements(own.maskedSelect(m))).toEqual(x.data.filter((_, i) => on(all[i]!)));
        expect(elements(own.maskedFill(m, -1))).toEqual(x.data.map((v, i) => (on(all[i]!) ? -1 : v)));
        const source = Array.from({ length: count(shape) + 1 }, (_, i) => 100 + i);
        let next = 0;
        const scattered = x.data.map((v, i) => (on(all[i]!) ? source[next++]! : v));
        expect(elements(own.maskedScatter(m, torch.tensor(source, { dtype: "float64" })))).toEqual(scattered);
        const places = coordinates(small).filter((c) => read(mask, c) === 1);
        expect(m.nonzero().shape).toEqual([places.length, small.length]);
        expect(elements(m.nonzero())).toEqual(places.flat());
        expect(m.nonzero({ asTuple: true }).map(elements)).toEqual(
          small.length === 0 ? [places.map(() => 0)] : small.map((_, d) => places.map((c) => c[d])),
        );
      }),
      runs(200),
    );
  });
});
