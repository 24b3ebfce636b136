// Inputs at which the derivatives of ops are checked.

import * as torch from "../../../src/index.ts";
import type { Samples } from "./common.ts";
import { one } from "./common.ts";

export const products: Samples = {
  matmul: (
    [
      [[3], [3]],
      [[2, 3], [3]],
      [[3], [3, 2]],
      [
        [2, 3],
        [3, 4],
      ],
      [
        [2, 2, 3],
        [3, 2],
      ],
      [
        [2, 3],
        [2, 3, 2],
      ],
      [[3], [2, 3, 2]],
      [[2, 2, 3], [3]],
      [
        [2, 1, 2, 3],
        [3, 3, 2],
      ],
    ] as number[][][]
  ).map((shapes) => one(shapes, (x, y) => x.matmul(y), { name: JSON.stringify(shapes) })),
  mm: [
    one(
      [
        [2, 3],
        [3, 2],
      ],
      (x, y) => x.mm(y),
    ),
  ],
  bmm: [
    one(
      [
        [2, 2, 3],
        [2, 3, 2],
      ],
      (x, y) => x.bmm(y),
    ),
  ],
  mv: [one([[2, 3], [3]], (x, y) => x.mv(y))],
  dot: [one([[3], [3]], (x, y) => x.dot(y))],
  outer: [one([[2], [3]], (x, y) => x.outer(y))],
  addmm: [one([[2], [3, 2], [2, 2]], (x, a, b) => torch.addmm(x, a, b))],
  linear: [
    one([[2, 3], [4, 3], [4]], (x, w, b) => torch.linear(x, w, b)),
    one(
      [
        [2, 2, 3],
        [4, 3],
      ],
      (x, w) => torch.linear(x, w),
      { name: "no bias" },
    ),
    one([[3], [4, 3], [4]], (x, w, b) => torch.linear(x, w, b), { name: "vector" }),
    one([[0, 3], [4, 3], [4]], (x, w, b) => torch.linear(x, w, b), { name: "no rows" }),
  ],
};
