// Choices between tensors.

import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";

test("where, as a function and as the method of the first choice", () => {
  const x = torch.tensor([1.5, -2.5, 3.5]);
  expect(torch.where(x.gt(0), x, 0).tolist()).toEqual([1.5, 0, 3.5]);
  expect(x.where(x.gt(0), 0).tolist()).toEqual([1.5, 0, 3.5]);
  expect(x.where(torch.tensor([[true], [false]]), x.neg()).tolist()).toEqual([
    [1.5, -2.5, 3.5],
    [-1.5, 2.5, -3.5],
  ]);
  expect(() => torch.where(x, x, 0)).toThrow(
    /condition to be a boolean tensor, but got a tensor with dtype float32/,
  );
});
