import { describe, expect, test } from "vitest";
import type { AnyTensor } from "../../src/index.ts";
import * as torch from "../../src/index.ts";

/** What `contiguous` has to give, one element after the other. */
function elements(x: AnyTensor): number[] {
  const out: number[] = [];
  const walk = (d: number, at: number): void => {
    if (d === x.ndim) out.push(x.storage.data[at] as number);
    else for (let i = 0; i < x.shape[d]!; i++) walk(d + 1, at + i * x.strides[d]!);
  };
  walk(0, x.offset);
  return out;
}

const orders: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [33, 65],
    [1, 0],
  ],
  [
    [64, 64],
    [1, 0],
  ],
  [
    [16, 1024],
    [1, 0],
  ],
  [
    [1025, 12],
    [1, 0],
  ],
  [
    [1300, 900],
    [1, 0],
  ],
  [
    [3, 40, 50],
    [0, 2, 1],
  ],
  [
    [2, 13, 20, 30],
    [0, 2, 3, 1],
  ],
  [
    [2, 20, 30, 13],
    [0, 3, 1, 2],
  ],
  [
    [20, 30, 40],
    [2, 1, 0],
  ],
  [
    [20, 30, 40],
    [1, 0, 2],
  ],
  [
    [1, 40, 1, 50],
    [3, 0, 2, 1],
  ],
  [
    [2, 5000],
    [1, 0],
  ],
];

describe("copies in another order", () => {
  test.each(["float32", "float64", "int32", "int64", "uint8", "bool"] as const)("of %s", (dtype) => {
    torch.manualSeed(4);
    for (const [shape, order] of orders) {
      const x: AnyTensor = torch.randn(shape).mul(50).to(dtype);
      const view = x.permute(order);
      expect(elements(view.contiguous())).toEqual(elements(view));
    }
  });

  test("of a part of a matrix, and of a stack from within", () => {
    torch.manualSeed(5);
    const x: AnyTensor = torch.randn([5, 60, 70]);
    for (const view of [x.at(2).t(), x.narrow(0, 1, 3).transpose(1, 2), x.at(1).narrow(0, 3, 50).t()])
      expect(elements(view.contiguous())).toEqual(elements(view));
  });
});

describe("operands that repeat", () => {
  test("rows and columns added to large tensors", () => {
    torch.manualSeed(6);
    for (const shape of [
      [300, 100],
      [3, 70, 90],
      [2, 40000],
      [40000, 2],
      [1000, 33],
    ]) {
      const x: AnyTensor = torch.randn(shape);
      const cols = shape.at(-1)!;
      const row: AnyTensor = torch.randn(cols);
      const column: AnyTensor = torch.randn([...shape.slice(0, -1), 1]);
      const a = elements(x);
      const [r, c] = [elements(row), elements(column)];
      expect(elements(x.add(row))).toEqual(a.map((v, i) => Math.fround(v + r[i % cols]!)));
      expect(elements(x.add(column))).toEqual(a.map((v, i) => Math.fround(v + c[Math.floor(i / cols)]!)));
      expect(elements(row.sub(x))).toEqual(a.map((v, i) => Math.fround(r[i % cols]! - v)));
    }
  });
});
