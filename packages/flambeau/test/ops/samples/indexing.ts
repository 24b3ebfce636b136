// Inputs at which the derivatives of ops are checked.

import * as torch from "../../../src/index.ts";
import type { Samples } from "./common.ts";
import { int, mask, one } from "./common.ts";

export const indexing: Samples = {
  indexSelect: [
    one([[3, 2]], (x) => x.indexSelect(0, int([2, 0, 2]))),
    one([[2, 3]], (x) => x.indexSelect(-1, int([1])), { name: "dim -1" }),
  ],
  takeRows: [
    one([[3, 2]], (x) =>
      torch.takeRows(
        x,
        int([
          [2, 0],
          [2, 1],
        ]),
      ),
    ),
  ],
  indexTensors: [
    one([[3, 4]], (x) => x.indexTensors([int([2, 0, 2]), int([1, 1, 1])])),
    one(
      [[3, 4]],
      (x) =>
        x.indexTensors([
          null,
          int([
            [1, 0],
            [3, 3],
          ]),
        ]),
      { name: "null" },
    ),
  ],
  indexPut: [
    one([[3, 4], [2]], (x, v) => x.indexPut([int([2, 0]), int([1, 1])], v), {
      inplace: (x, v) => x.indexPut_([int([2, 0]), int([1, 1])], v),
    }),
    one([[3, 4], [1]], (x, v) => x.indexPut([int([2, 2])], v, true), { name: "accumulate" }),
  ],
  indexAdd: [
    one(
      [
        [3, 2],
        [2, 2],
      ],
      (x, y) => x.indexAdd(0, int([2, 2]), y, { alpha: 3 }),
      { inplace: (x, y) => x.indexAdd_(0, int([2, 0]), y) },
    ),
  ],
  gather: [
    one([[3, 2]], (x) =>
      x.gather(
        0,
        int([
          [2, 0],
          [2, 1],
        ]),
      ),
    ),
  ],
  scatter: [
    one(
      [
        [3, 2],
        [2, 2],
      ],
      (x, y) =>
        x.scatter(
          0,
          int([
            [2, 0],
            [1, 1],
          ]),
          y,
        ),
      {
        inplace: (x, y) =>
          x.scatter_(
            0,
            int([
              [2, 0],
              [1, 1],
            ]),
            y,
          ),
      },
    ),
    one([[3, 2]], (x) => x.scatter(1, int([[1], [0]]), 7), { name: "number" }),
    one(
      [
        [3, 2],
        [4, 3],
      ],
      (x, y) => x.scatter(0, int([[2, 0]]), y),
      { name: "larger source" },
    ),
  ],
  scatterAdd: [
    one(
      [
        [3, 2],
        [2, 2],
      ],
      (x, y) =>
        x.scatterAdd(
          0,
          int([
            [2, 0],
            [2, 2],
          ]),
          y,
        ),
      {
        inplace: (x, y) =>
          x.scatterAdd_(
            0,
            int([
              [2, 0],
              [2, 2],
            ]),
            y,
          ),
      },
    ),
  ],
  maskedFill: [
    one([[2, 3], []], (x, v) => x.maskedFill(mask, v), { inplace: (x, v) => x.maskedFill_(mask, v) }),
    one([[2, 3]], (x) => x.maskedFill(mask, 2), { name: "number" }),
  ],
  maskedSelect: [one([[2, 3]], (x) => x.maskedSelect(mask))],
  copy_: [one([[2, 3], [3]], (x, y) => x.mul(2).copy_(y).mul(x))],
  fill_: [
    one([[2, 3], []], (x, y) => x.mul(2).fill_(y).mul(x)),
    one([[2, 3]], (x) => x.mul(2).fill_(3).mul(x), { name: "number" }),
  ],
  zero_: [one([[2, 3]], (x) => x.mul(2).zero_().mul(x))],
};
