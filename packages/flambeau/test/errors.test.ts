// Bad input: each is a typed error that names the op, both shapes, and what was expected, and changes nothing.

import { describe, expect, test } from "vitest";
import * as torch from "../src/index.ts";

/** The error that `f` throws. */
function thrown(f: () => unknown): torch.TorchError {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(torch.TorchError);
    return error as torch.TorchError;
  }
  throw new Error("nothing was thrown");
}

const ones = (...shape: number[]): torch.Tensor => torch.ones(shape);

describe("shapes", () => {
  test.for<[string, () => unknown, RegExp, number[][]]>([
    [
      "add",
      () => ones(2, 3).add(ones(4)),
      /size of tensor a \(3\) must match the size of tensor b \(4\).*\[2, 3\] and \[4\]/,
      [[2, 3], [4]],
    ],
    [
      "matmul",
      () => ones(5, 200).matmul(ones(100, 1)),
      /5x200 and 100x1.*\[5, 200\] x \[100, 1\]/,
      [
        [5, 200],
        [100, 1],
      ],
    ],
    [
      "linear",
      () => torch.linear(ones(5, 20), ones(3, 10)),
      /\[5, 20\] x \[10, 3\]/,
      [
        [5, 20],
        [10, 3],
      ],
    ],
    [
      "reshape",
      () => ones(2, 3).reshape(4, 2),
      /shape '\[4, 2\]' is invalid for input of size 6/,
      [
        [2, 3],
        [4, 2],
      ],
    ],
    [
      "expand",
      () => ones(2, 3).expand([2, 4]),
      /\(4\) must match the existing size \(3\)/,
      [
        [2, 3],
        [2, 4],
      ],
    ],
    [
      "cat",
      () => torch.cat([ones(2, 3), ones(2, 4)]),
      /\[2, 3\] and \[2, 4\]/,
      [
        [2, 3],
        [2, 4],
      ],
    ],
    ["stack", () => torch.stack([ones(2), ones(3)]), /\[2\] at entry 0 and \[3\] at entry 1/, [[2], [3]]],
  ])("%s", ([op, f, message, shapes]) => {
    const error = thrown(f) as torch.ShapeError;
    expect(error).toBeInstanceOf(torch.ShapeError);
    expect(error).toBeInstanceOf(torch.RuntimeError);
    expect(error.op).toBe(op);
    expect(error.shapes).toEqual(shapes);
    expect(error.message).toMatch(message);
  });

  test("an in-place result must have the shape of the tensor, which stays as it was", () => {
    const x = ones(3);
    expect(thrown(() => x.add_(ones(2, 3) as never)).message).toMatch(
      /output with shape \[3\] doesn't match the broadcast shape \[2, 3\]/,
    );
    expect(x.tolist()).toEqual([1, 1, 1]);
    expect(x.version).toBe(0);
  });

  test("a ragged nested array", () => {
    const error = thrown(() =>
      torch.tensor([
        [1, 2, 3],
        [4, 5],
      ] as never),
    );
    expect(error).toBeInstanceOf(torch.ValueError);
    expect(error.message).toMatch(/expected sequence of length 3 at dim 1 \(got 2\)/);
  });
});

describe("dtypes", () => {
  const ints = torch.tensor([1, 2, 3]);
  test.for<[string, () => unknown, RegExp]>([
    ["matmul", () => ones(3).matmul(ints as never), /float32 != int32/],
    ["mean", () => ints.mean(), /floating point/],
    ["neg", () => torch.tensor([true]).neg(), /bool/],
    ["add", () => ints.add_(1.5), /result type Float can't be cast to the desired output type Int/],
    ["normal_", () => ints.normal_(), /floating-point/],
  ])("%s", ([op, f, message]) => {
    const error = thrown(f) as torch.DTypeError;
    expect(error).toBeInstanceOf(torch.DTypeError);
    expect(error.op).toBe(op);
    expect(error.message).toMatch(message);
    expect(ints.tolist()).toEqual([1, 2, 3]);
  });
  test("what is no dtype, or no tensor", () => {
    expect(thrown(() => ones(2).to("float16" as never)).message).toMatch(
      /expected a dtype, one of .*float32.*got float16/,
    );
    expect(thrown(() => ones(2).add([1, 2] as never)).message).toMatch(
      /argument 2 must be a Tensor or a number, not an array/,
    );
    expect(thrown(() => ones(2).add(undefined as never)).message).toMatch(/argument 2 must be a Tensor/);
  });
});

describe("indices and dimensions", () => {
  const x = torch.arange(6).reshape(2, 3);
  test.for<[string, () => unknown, RegExp]>([
    ["integer", () => x.at(2), /index 2 is out of bounds for dimension 0 with size 2/],
    ["too many", () => x.at(0, 0, 0), /too many indices for tensor of dimension 2/],
    ["fraction", () => x.at(0.5), /valid indices/],
    [
      "index tensor",
      () => x.at([torch.tensor([0, 5])]),
      /index 5 is out of bounds for dimension 0 with size 2/,
    ],
    ["mask", () => x.at([torch.tensor([true, false, true])]), /shape of the mask \[3\].*\[2, 3\]/],
    [
      "select",
      () => x.select(1, 3 as never),
      /index 3 out of range for tensor of size \[2, 3\] at dimension 1/,
    ],
    ["dim", () => x.sum(2 as never), /range of \[-2, 1\], but got 2/],
  ])("%s", ([, f, message]) => {
    const error = thrown(f);
    expect(error).toBeInstanceOf(torch.IndexError);
    expect(error.message).toMatch(message);
  });
});

describe("differentiation", () => {
  const leaf = (): torch.Tensor<[3]> => torch.ones(3, { requiresGrad: true });
  test.for<[string, () => unknown, RegExp]>([
    ["backward on a non-scalar", () => leaf().mul(2).backward(), /only for scalar outputs.*\[3\]/],
    ["backward of what needs none", () => ones(1).backward(), /does not require grad/],
    [
      "a gradient of another shape",
      () => leaf().mul(2).backward(torch.ones(2)),
      /\[2\] and output has a shape of \[3\]/,
    ],
    [
      "an in-place change of a leaf",
      () => leaf().add_(1),
      /leaf Variable that requires grad is being used in an in-place operation/,
    ],
    [
      "an in-place change of a view of a leaf",
      () => leaf().narrow(0, 0, 1).mul_(2),
      /view of a leaf Variable/,
    ],
    ["integers that require gradients", () => torch.tensor([1]).requiresGrad_(), /floating point/],
  ])("%s", ([, f, message]) => {
    const error = thrown(f);
    expect(error).toBeInstanceOf(torch.RuntimeError);
    expect(error.message).toMatch(message);
  });

  test("a second backward", () => {
    const y = leaf().square().sum();
    y.backward();
    expect(thrown(() => y.backward()).message).toMatch(
      /backward through the graph a second time.*retainGraph/s,
    );
  });

  test("an in-place change of what a gradient needs", () => {
    const x = leaf();
    const y = x.exp();
    y.add_(1);
    expect(thrown(() => y.sum().backward()).message).toMatch(
      /modified by an inplace operation.*\[3\].*version 1; expected version 0.*ExpBackward0/s,
    );
  });
});

describe("samplers", () => {
  test.for<[string, () => unknown, RegExp]>([
    ["normal_ NaN", () => ones(2).normal_(Number.NaN, 1), /nan/i],
    ["normal_ negative std", () => ones(2).normal_(0, -1), /std >= 0.0, but found std -1/],
    ["uniform_ NaN", () => ones(2).uniform_(0, Number.NaN), /out of bounds/],
    ["uniform_ order", () => ones(2).uniform_(2, 1), /from=2.* > to=1/],
    ["bernoulli_ p", () => ones(2).bernoulli_(1.5), /p to be in \[0, 1\], but got p=1.5/],
    ["multinomial NaN", () => torch.tensor([0.5, Number.NaN]).multinomial(1), /inf.*nan|nan/i],
    ["multinomial sum", () => torch.zeros(3).multinomial(1), /sum of probabilities|<= 0/],
    ["exponential_", () => ones(2).exponential_(-1), /lambda/],
    ["randint", () => torch.randint(5, 5, [2]), /from=5 >= to=5/],
  ])("%s", ([, f, message]) => {
    const before = torch.getRngState().tolist();
    expect(thrown(f).message).toMatch(message);
    // What is refused draws nothing.
    expect(torch.getRngState().tolist()).toEqual(before);
  });
});

test("sizes", () => {
  expect(thrown(() => torch.zeros(2, -1)).message).toMatch(/non-negative.*\[2, -1\]/);
  expect(thrown(() => torch.zeros(2.5)).message).toMatch(/\[2.5\]/);
  expect(thrown(() => ones(2).item()).message).toMatch(/2 elements cannot be converted to Scalar/);
});
