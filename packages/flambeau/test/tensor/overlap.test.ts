// In-place changes whose operand shares memory with the tensor that is changed.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

describe("an operand that shares memory", () => {
  test("is refused where elements are shared for certain", () => {
    const x = torch.arange(9, { dtype: "float32" }).reshape(3, 3);
    expect(() => x.add_(x.t())).toThrow(/refer to a single memory location. Please clone\(\)/);
    const long = torch.arange(8, { dtype: "float32" });
    expect(() => long.narrow(0, 0, 7).mul_(long.narrow(0, 1, 7))).toThrow(/single memory location/);
    expect(long.tolist()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("is read as it was before, where it only lies in between", () => {
    const x = torch.arange(8, { dtype: "float32" });
    x.at("0::2").add_(x.at("1::2"));
    expect(x.tolist()).toEqual([1, 1, 5, 3, 9, 5, 13, 7]);
  });

  test("may be the tensor itself, or another part of the memory", () => {
    const x = torch.arange(6, { dtype: "float32" }).reshape(2, 3);
    x.add_(x);
    expect(x.tolist()).toEqual([
      [0, 2, 4],
      [6, 8, 10],
    ]);
    x.select(0, 0).add_(x.select(0, 1));
    expect(x.tolist()).toEqual([
      [6, 10, 14],
      [6, 8, 10],
    ]);
  });

  test("is copied rightly, in any order", () => {
    const x = torch.arange(4, { dtype: "float32" }).reshape(2, 2);
    x.copy_(x.t());
    expect(x.tolist()).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });
});
