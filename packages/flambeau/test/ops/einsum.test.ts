// Einstein summation beside plain loops, and the order in which many operands are multiplied.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { contractionOrder } from "../../src/ops/einsum-order.ts";

type Tensor = torch.AnyTensor;

const generator = new torch.Generator();
generator.manualSeed(3);
const random = (shape: readonly number[]): Tensor =>
  torch.randn([...shape], { dtype: "float64", generator }) as Tensor;

/** The sum that an equation of letters says, one product after the other. */
function plain(equation: string, operands: readonly Tensor[]): Tensor {
  const [left, output] = equation.split("->") as [string, string];
  const terms = left.split(",");
  const sizes: Record<string, number> = {};
  terms.forEach((term, i) => {
    [...term].forEach((letter, d) => {
      sizes[letter] = Math.max(sizes[letter] ?? 1, operands[i]!.shape[d]);
    });
  });
  const letters = Object.keys(sizes);
  const out = torch.zeros(
    [...output].map((l) => sizes[l]!),
    { dtype: "float64" },
  ) as Tensor;
  const at: Record<string, number> = {};
  const element = (x: Tensor, term: string): Tensor =>
    [...term].reduce((y: Tensor, l) => y.select(0, y.shape[0] === 1 ? 0 : at[l]!), x);
  const walk = (i: number): void => {
    if (i < letters.length) {
      for (at[letters[i]!] = 0; at[letters[i]!]! < sizes[letters[i]!]!; at[letters[i]!]!++) walk(i + 1);
      return;
    }
    const value = terms.reduce((p, term, k) => p * Number(element(operands[k]!, term).item()), 1);
    element(out, output).add_(value);
  };
  walk(0);
  return out;
}

describe("equations", () => {
  test.each([
    ["ij->ji", [[2, 3]]],
    ["ii->i", [[3, 3]]],
    ["iij->j", [[2, 2, 3]]],
    ["abab->ba", [[2, 3, 2, 3]]],
    ["ijk->", [[2, 3, 2]]],
    [
      "ij,jk->ik",
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [
      "ij,jk->ik",
      [
        [2, 1],
        [3, 4],
      ],
    ],
    [
      "ij,ij->ij",
      [
        [2, 3],
        [1, 3],
      ],
    ],
    [
      "bij,bkj->bik",
      [
        [2, 2, 3],
        [2, 4, 3],
      ],
    ],
    ["i,j->ji", [[2], [3]]],
    [
      "ijk,jil,kj->lk",
      [
        [2, 3, 2],
        [3, 2, 2],
        [2, 3],
      ],
    ],
    [
      "ab,bc,cd,de->ae",
      [
        [2, 3],
        [3, 2],
        [2, 4],
        [4, 2],
      ],
    ],
    [
      "iij,jkk->ik",
      [
        [2, 2, 3],
        [3, 2, 2],
      ],
    ],
    ["a,b,c,d,e,f,g->gfa", [[2], [1], [2], [2], [1], [2], [2]]],
  ] as [string, number[][]][])("%s of %j", (equation, shapes) => {
    const operands = shapes.map(random);
    const ours = torch.einsum(equation, operands);
    const expected = plain(equation, operands);
    expect(ours.shape).toEqual(expected.shape);
    expect(Number(ours.sub(expected).abs().sum().item())).toBeLessThan(1e-12);
  });
});

test("the implied output has the letters that occur once, in alphabetical order, capitals first", () => {
  expect(torch.einsum("ba", random([2, 3])).shape).toEqual([3, 2]);
  expect(torch.einsum("aA", random([2, 3])).shape).toEqual([3, 2]);
  expect(torch.einsum("...i,...j", random([4, 2]), random([4, 3])).shape).toEqual([4, 2, 3]);
});

test("lists of subscripts mean the same as letters", () => {
  const a = random([2, 5, 3]);
  const b = random([5, 3, 4]);
  const letters = torch.einsum("a...b,...bc->ac...", a, b);
  const lists = torch.einsum(a, [0, "...", 1], b, ["...", 1, 2], [0, 2, "..."]);
  expect(lists.shape).toEqual([2, 4, 5]);
  expect(Number(lists.sub(letters).abs().sum().item())).toBe(0);
});

describe("the order of many operands", () => {
  const size = (entries: Record<number, number>): Map<number, number> =>
    new Map(Object.entries(entries).map(([k, v]) => [Number(k), v]));

  test("the cheapest of all", () => {
    // A chain of matrices 100 x 2, 2 x 100, 100 x 2: the small product is the last two.
    const sizes = size({ 0: 100, 1: 2, 2: 100, 3: 2 });
    expect(
      contractionOrder(
        [
          [0, 1],
          [1, 2],
          [2, 3],
        ],
        [0, 3],
        sizes,
      ),
    ).toEqual([
      [1, 2],
      [0, 3],
    ]);
  });
  test("one pair after the other beyond six", () => {
    const chain = Array.from({ length: 9 }, (_, i) => [i, i + 1]);
    const sizes = size(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, i === 4 ? 50 : 2])));
    const order = contractionOrder(chain, [0, 9], sizes);
    expect(order).toHaveLength(8);
    // The large extent goes first.
    expect(order[0]).toEqual([3, 4]);
    expect(new Set(order.flat()).size).toBe(16);
  });
});

test("errors say what does not fit", () => {
  const a = random([2, 3]);
  for (const [equation, operands, message] of [
    [
      "ij,jk->ik",
      [a, a],
      "subscript j has size 2 for operand 1 which does not broadcast with previously seen size 3",
    ],
    ["ij->ik", [a], "output subscript k does not appear"],
    ["ij->ii", [a], "appears more than once in the output"],
    ["ii", [a], "the sizes don't match"],
    ["ijk", [a], "does not match the number of dimensions (2)"],
    ["i..", [a], "not part of any ellipsis"],
    ["i1", [a], "invalid subscript given at index 1"],
    ["ij,jk", [a], "fewer operands were provided"],
  ] as [string, Tensor[], string][])
    expect(() => torch.einsum(equation, operands)).toThrow(message);
  expect(() => torch.einsum(a, [0, 60])).toThrow(torch.ValueError);
});
