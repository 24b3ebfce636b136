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
  ger: [one([[2], [3]], (x, y) => x.ger(y))],
  addmm: [
    one([[2], [3, 2], [2, 2]], (x, a, b) => torch.addmm(x, a, b)),
    one(
      [
        [3, 2],
        [3, 2],
        [2, 2],
      ],
      (x, a, b) => x.addmm(a, b, { beta: 0.5, alpha: 2 }),
      { name: "factors", inplace: (x, a, b) => x.addmm_(a, b, { beta: 0.5, alpha: 2 }) },
    ),
  ],
  addmv: [one([[], [3, 2], [2]], (x, a, v) => x.addmv(a, v, { beta: 0.5, alpha: 2 }))],
  addr: [one([[3], [2], [3]], (x, a, b) => x.addr(a, b, { beta: 0.5, alpha: 2 }))],
  baddbmm: [
    one(
      [
        [3, 1],
        [2, 3, 2],
        [2, 2, 2],
      ],
      (x, a, b) => x.baddbmm(a, b, { beta: 0.5, alpha: 2 }),
    ),
  ],
  addbmm: [one([[2], [2, 3, 2], [2, 2, 2]], (x, a, b) => x.addbmm(a, b, { beta: 0.5, alpha: 2 }))],
  inner: [
    one(
      [
        [2, 3],
        [2, 1, 3],
      ],
      (x, y) => x.inner(y),
    ),
    one([[], [2]], (x, y) => x.inner(y), { name: "0-d" }),
  ],
  kron: [one([[2], [2, 3]], (x, y) => x.kron(y))],
  cross: [
    one(
      [
        [3, 2],
        [3, 1],
      ],
      (x, y) => x.cross(y),
    ),
  ],
  vdot: [one([[3], [3]], (x, y) => x.vdot(y))],
  tensordot: [
    one(
      [
        [2, 3, 2],
        [2, 3],
      ],
      (x, y) =>
        torch.tensordot(x, y, [
          [0, 1],
          [0, 1],
        ]),
      { name: "lists" },
    ),
    one(
      [
        [2, 3],
        [1, 2],
      ],
      (x, y) => torch.tensordot(x, y, 1),
      { name: "broadcast" },
    ),
  ],
  chainMatmul: [
    one(
      [
        [2, 3],
        [3, 1],
        [1, 2],
      ],
      (x, y, z) => torch.chainMatmul(x, y, z),
    ),
  ],
  vander: [one([[3]], (x) => torch.vander(x, 4))],
  einsum: [
    one(
      [
        [2, 2, 3],
        [2, 3, 2],
      ],
      (x, y) => torch.einsum("bij,bjk->bik", x, y),
      { name: "batched" },
    ),
    one([[2, 2, 3]], (x) => torch.einsum("iij->ji", x), { name: "diagonal" }),
    one([[2, 3], [3], [2, 1]], (x, y, z) => torch.einsum("ij,j,ik->k", x, y, z), { name: "three" }),
    one(
      [
        [2, 1, 3],
        [2, 3],
      ],
      (x, y) => torch.einsum("...i,...i", x, y),
      { name: "ellipsis" },
    ),
  ],
  "linalg.cross": [
    one(
      [
        [2, 3],
        [1, 3],
      ],
      (x, y) => torch.linalg.cross(x, y),
    ),
  ],
  "linalg.vecdot": [one([[2, 3], [3]], (x, y) => torch.linalg.vecdot(x, y))],
  "linalg.multiDot": [one([[2], [2, 3], [3, 1]], (x, y, z) => torch.linalg.multiDot([x, y, z]))],
  "linalg.vander": [one([[2, 2]], (x) => torch.linalg.vander(x, { N: 4 }))],
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
