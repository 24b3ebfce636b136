// Chains of views against lists of places in the memory of their base: what they show, and what is written through them.

import fc from "fast-check";
import { expect, test } from "vitest";
import * as torch from "../../../src/index.ts";
import type { Coords, Plain, Shape, Tensor } from "./plain.ts";
import { build, count, elements, mostlyFull, numbered, placeOf, read, runs } from "./plain.ts";

/** A view and its model: for each element, its place in the base. */
interface State {
  readonly ours: Tensor;
  readonly places: Plain;
}
interface Step {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

const without = <T>(list: readonly T[], d: number): T[] => list.filter((_, i) => i !== d);
const inserted = <T>(list: readonly T[], d: number, v: T): T[] => [...list.slice(0, d), v, ...list.slice(d)];
const replaced = <T>(list: readonly T[], d: number, v: T): T[] => list.map((w, i) => (i === d ? v : w));

type Rule = (s: State, a: number, b: number, c: number) => State | null;
const from = (places: Plain, shape: Shape, source: (at: Coords) => Coords): Plain =>
  build(shape, (at) => read(places, source(at)));
/** A dimension as it is, or counted from the end. */
const named = (d: number, rank: number, negative: number): number => (negative % 2 ? d - rank : d);

const rules: Record<string, Rule> = {
  transpose: ({ ours, places }, a, b, c) => {
    const rank = places.shape.length;
    if (rank === 0) return null;
    const [p, q] = [a % rank, b % rank];
    const swap = <T>(list: readonly T[]): T[] => replaced(replaced(list, p, list[q]!), q, list[p]!);
    return {
      ours: ours.transpose(named(p, rank, c), q),
      places: from(places, swap(places.shape), (at) => swap(at)),
    };
  },
  permute: ({ ours, places }, a) => {
    const rank = places.shape.length;
    // A rotation, and every other time reversed.
    const order = Array.from({ length: rank }, (_, i) => (i + a) % Math.max(rank, 1));
    if (a % 2) order.reverse();
    return {
      ours: ours.permute(order),
      places: from(
        places,
        order.map((d) => places.shape[d]!),
        (at) => order.map((_, d) => at[order.indexOf(d)]!),
      ),
    };
  },
  select: ({ ours, places }, a, b, c) => {
    const rank = places.shape.length;
    const d = a % Math.max(rank, 1);
    const n = places.shape[d] ?? 0;
    if (n === 0) return null;
    const i = b % n;
    return {
      ours: ours.select(named(d, rank, c), c % 3 ? i : i - n),
      places: from(places, without(places.shape, d), (at) => inserted(at, d, i)),
    };
  },
  slice: ({ ours, places }, a, b, c) => {
    const rank = places.shape.length;
    if (rank === 0) return null;
    const d = a % rank;
    const n = places.shape[d]!;
    const start = b % (n + 1);
    const step = 1 + (c % 3);
    const length = Math.max(0, Math.ceil((n - start) / step));
    return {
      ours: ours.sliceDim(d, start, null, step),
      places: from(places, replaced(places.shape, d, length), (at) => replaced(at, d, start + at[d]! * step)),
    };
  },
  narrow: ({ ours, places }, a, b, c) => {
    const rank = places.shape.length;
    if (rank === 0) return null;
    const d = a % rank;
    const n = places.shape[d]!;
    const start = b % (n + 1);
    const length = c % (n - start + 1);
    return {
      ours: ours.narrow(d, start, length),
      places: from(places, replaced(places.shape, d, length), (at) => replaced(at, d, start + at[d]!)),
    };
  },
  expand: ({ ours, places }, a, b) => {
    const { shape } = places;
    if (shape.length >= 5) return null;
    const target = [...(a % 2 ? [b % 3] : []), ...shape.map((n, d) => (n === 1 && (b + d) % 2 ? 2 : n))];
    const lead = target.length - shape.length;
    return {
      ours: ours.expand(target.map((n, i) => (i >= lead && n === shape[i - lead] && b % 5 === 0 ? -1 : n))),
      places: from(places, target, (at) => shape.map((n, d) => (n === 1 ? 0 : at[d + lead]!))),
    };
  },
  unsqueeze: ({ ours, places }, a, _, c) => {
    const rank = places.shape.length;
    if (rank >= 5) return null;
    const d = a % (rank + 1);
    return {
      ours: ours.unsqueeze(named(d, rank + 1, c)),
      places: from(places, inserted(places.shape, d, 1), (at) => without(at, d)),
    };
  },
  squeeze: ({ ours, places }) => {
    const kept = places.shape.flatMap((n, d) => (n === 1 ? [] : [d]));
    return {
      ours: ours.squeeze(),
      places: from(
        places,
        kept.map((d) => places.shape[d]!),
        (at) => places.shape.map((_, d) => (kept.includes(d) ? at[kept.indexOf(d)]! : 0)),
      ),
    };
  },
  unfold: ({ ours, places }, a, b, c) => {
    const rank = places.shape.length;
    if (rank === 0 || rank >= 5) return null;
    const d = a % rank;
    const n = places.shape[d]!;
    const size = b % (n + 1);
    const step = 1 + (c % 3);
    return {
      ours: ours.unfold(named(d, rank, c), size, step),
      places: from(places, [...replaced(places.shape, d, Math.floor((n - size) / step) + 1), size], (at) =>
        replaced(at.slice(0, -1), d, at[d]! * step + at[rank]!),
      ),
    };
  },
  diagonal: ({ ours, places }, a, b, c) => {
    const { shape } = places;
    const rank = shape.length;
    if (rank < 2) return null;
    const p = a % rank;
    const q = (p + 1 + (b % (rank - 1))) % rank;
    const offset = (c % 5) - 2;
    const [down, right] = [Math.max(0, -offset), Math.max(0, offset)];
    const length = Math.max(0, Math.min(shape[p]! - down, shape[q]! - right));
    const rest = shape.map((_, d) => d).filter((d) => d !== p && d !== q);
    return {
      ours: ours.diagonal(offset, named(p, rank, c), q),
      places: from(places, [...rest.map((d) => shape[d]!), length], (at) => {
        const i = at[at.length - 1]!;
        return shape.map((_, d) => (d === p ? i + down : d === q ? i + right : at[rest.indexOf(d)]!));
      }),
    };
  },
  movedim: ({ ours, places }, a, b, c) => {
    const rank = places.shape.length;
    if (rank === 0) return null;
    const [p, q] = [a % rank, b % rank];
    const order = inserted(
      without(
        places.shape.map((_, d) => d),
        p,
      ),
      q,
      p,
    );
    return {
      ours: ours.movedim(named(p, rank, c), q),
      places: from(
        places,
        order.map((d) => places.shape[d]!),
        (at) => order.map((_, d) => at[order.indexOf(d)]!),
      ),
    };
  },
  view: ({ ours, places }, a) => {
    const n = count(places.shape);
    const targets: number[][] = [
      [n],
      [1, n],
      [n, 1],
      ...[2, 3].filter((k) => n % k === 0).map((k) => [k, n / k]),
    ];
    const shape = targets[a % targets.length]!;
    let y: Tensor;
    try {
      y = ours.view(shape);
    } catch (e) {
      // Where no strides show the shape, there is a copy instead.
      expect(e).toBeInstanceOf(torch.RuntimeError);
      const copy: Tensor = ours.reshape(shape);
      expect(copy.storage === ours.storage).toBe(false);
      expect(elements(copy)).toEqual(elements(ours));
      return null;
    }
    return { ours: y, places: { shape, data: places.data } };
  },
};
const kinds = Object.keys(rules);
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.nat(kinds.length - 1),
  a: fc.nat(60),
  b: fc.nat(60),
  c: fc.nat(60),
});
const chains = fc.tuple(mostlyFull(4, 4), fc.array(step, { minLength: 1, maxLength: 6 }));

/** The end of a chain, steps that do not apply left out. */
function follow(base: Tensor, shape: Shape, steps: readonly Step[]): State {
  let state: State = { ours: base, places: build(shape, (at) => placeOf(shape, at)) };
  for (const { kind, a, b, c } of steps) state = rules[kinds[kind]!]!(state, a, b, c) ?? state;
  return state;
}

test("chains of views show what plain indexing finds, and share the memory of their base", () => {
  fc.assert(
    fc.property(chains, ([shape, steps]) => {
      const base = torch.tensor([...numbered(shape).data], { dtype: "float64" }).reshape(shape);
      const { ours, places } = follow(base, shape, steps);
      expect(ours.shape).toEqual(places.shape);
      expect(elements(ours)).toEqual(places.data.map((p) => p + 1));
      expect(ours.storage === base.storage).toBe(true);
      // Copies of any layout hold the same.
      expect(elements(ours.clone())).toEqual(elements(ours));
      expect(elements(ours.contiguous())).toEqual(elements(ours));
      expect(ours.contiguous().isContiguous()).toBe(true);
      expect(elements(ours.neg())).toEqual(places.data.map((p) => -p - 1));
      expect(ours.sum().item()).toBe(places.data.reduce((s, p) => s + p + 1, 0));
    }),
    runs(500),
  );
});

test("what is written through a view is seen in the base, and the reverse", () => {
  fc.assert(
    fc.property(chains, ([shape, steps]) => {
      const base = torch.tensor([...numbered(shape).data], { dtype: "float64" }).reshape(shape);
      const { ours, places } = follow(base, shape, steps);
      const expected: number[] = [...numbered(shape).data];
      // An element that is shown several times by a stride of 0 is no place to write to.
      const repeats = ours.shape.some((n: number, d: number) => n > 1 && ours.stride(d) === 0);
      if (repeats) expect(() => ours.fill_(-1)).toThrow(torch.RuntimeError);
      else {
        ours.fill_(-1);
        for (const p of places.data) expected[p] = -1;
      }
      expect(elements(base)).toEqual(expected);
      if (!repeats && new Set(places.data).size === places.data.length) {
        // Each element its own value.
        ours.copy_(torch.arange(count(ours.shape), { dtype: "float64" }).add(100).reshape(ours.shape));
        places.data.forEach((p, i) => {
          expected[p] = 100 + i;
        });
        ours.mul_(2);
        for (const p of places.data) expected[p]! *= 2;
        expect(elements(base)).toEqual(expected);
      }
      base.mul_(3);
      expect(elements(ours)).toEqual(places.data.map((p) => 3 * expected[p]!));
    }),
    runs(500),
  );
});

test("the gradient of a chain of views counts how often an element is shown", () => {
  fc.assert(
    fc.property(chains, ([shape, steps]) => {
      const x = torch
        .tensor([...numbered(shape).data], { dtype: "float64" })
        .reshape(shape)
        .detach()
        .requiresGrad_();
      const { ours, places } = follow(x, shape, steps);
      const weights = torch
        .arange(count(places.shape), { dtype: "float64" })
        .add(1)
        .reshape([...places.shape]);
      ours.mul(weights).sum().backward();
      const expected = new Array<number>(count(shape)).fill(0);
      places.data.forEach((p, i) => {
        expected[p]! += i + 1;
      });
      expect(elements(x.grad!)).toEqual(expected);
    }),
    runs(200),
  );
});

test("flip, roll and repeat move elements as plain indexing does, and copy", () => {
  fc.assert(
    fc.property(chains, fc.nat(60), fc.integer({ min: -7, max: 7 }), ([shape, steps], a, shift) => {
      const base = torch.tensor([...numbered(shape).data], { dtype: "float64" }).reshape(shape);
      const { ours, places } = follow(base, shape, steps);
      const values: Plain = { shape: places.shape, data: places.data.map((p) => p + 1) };
      const rank = places.shape.length;
      const dims = values.shape.map((_, d) => d).filter((d) => (a >> d) % 2 === 1);
      const flipped: Tensor = ours.flip(dims);
      expect(flipped.storage === base.storage).toBe(false);
      expect(elements(flipped)).toEqual(
        from(values, values.shape, (at) =>
          at.map((i, d) => (dims.includes(d) ? values.shape[d]! - 1 - i : i)),
        ).data,
      );
      const times = values.shape.map((_, d) => (a + d) % 3);
      expect(elements(ours.repeat([2, ...times]))).toEqual(
        from(values, [2, ...values.shape.map((n, d) => n * times[d]!)], (at) =>
          at.slice(1).map((i, d) => i % values.shape[d]!),
        ).data,
      );
      if (rank === 0) return;
      const d = a % rank;
      const n = values.shape[d]!;
      expect(elements(ours.roll(shift, d))).toEqual(
        from(values, values.shape, (at) => replaced(at, d, (((at[d]! - shift) % n) + n) % n)).data,
      );
    }),
    runs(300),
  );
});

test("slices with a step that is not positive are refused", () => {
  fc.assert(
    fc.property(
      mostlyFull(3).filter((s) => s.length > 0),
      fc.integer({ min: -3, max: 0 }),
      (shape, bad) => {
        const x = torch.zeros(shape);
        expect(() => x.sliceDim(0, null, null, bad)).toThrow(torch.RuntimeError);
        expect(() => x.at(`::${bad}`)).toThrow(torch.ValueError);
        expect(() => x.at({ step: bad })).toThrow(torch.ValueError);
        expect(() => x.set(`::${bad}`, 1)).toThrow(torch.ValueError);
      },
    ),
    runs(50),
  );
});
