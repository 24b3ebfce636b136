// Inputs at which the derivatives of ops are checked.

import * as torch from "../../../src/index.ts";
import type { Samples } from "./common.ts";
import { alongs, int, one, positive } from "./common.ts";

const points = [
  [3, 2],
  [4, 2],
];

export const statistics: Samples = {
  var: (op) => [
    ...alongs(op),
    one([[2, 4]], (x) => x.var(1, { correction: 0, keepdim: true }), { name: "biased" }),
  ],
  // Not along a dimension that is expanded: where the deviation is 0, the second derivative is undefined.
  std: (op) => alongs(op).filter((s) => s.name !== "dim 0"),
  varMean: [one([[2, 3]], (x) => torch.varMean(x, 1))],
  stdMean: [one([[2, 3]], (x) => torch.stdMean(x, 1, { keepdim: true, correction: 0 }))],
  nansum: alongs,
  nanmean: alongs,
  cov: [
    one([[3, 4]], (x) => x.cov()),
    one([[4], [4]], (x, w) => x.cov({ aweights: w.abs(), fweights: int([1, 2, 0, 3]) }), { name: "weights" }),
  ],
  corrcoef: [one([[2, 4]], (x) => x.corrcoef())],
  norm: ["fro", 1, 2, 3, 1.5, 0.5, -1, Infinity, -Infinity].map((p) =>
    one([[2, 3]], (x) => x.norm(p, 1), { name: `${p}`, domain: positive }),
  ),
  dist: [one([[2, 3], [3]], (x, y) => x.dist(y)), one([[3], [3]], (x, y) => x.dist(y, 3), { name: "3" })],
  renorm: [
    one([[3, 4]], (x) => x.renorm(2, 1, 1.5), { inplace: (x) => x.renorm_(2, 1, 1.5) }),
    one([[2, 2, 3]], (x) => x.renorm(1, -1, 2), { name: "1" }),
  ],
  // Rows that coincide, as those of an expanded input do, are kinks; so one set is moved away.
  cdist: [
    ...[0.5, 1, 1.5, 2, 3, Infinity].map((p) =>
      one(points, (x, y) => torch.cdist(x, y.add(5), p), { name: `${p}` }),
    ),
    one(points, (x, y) => torch.cdist(x, y.add(5), 2, { computeMode: "use_mm_for_euclid_dist" }), {
      name: "product",
    }),
    one(
      [
        [2, 1, 3, 2],
        [2, 1, 2],
      ],
      (x, y) => torch.cdist(x, y.add(5)),
      { name: "batches" },
    ),
  ],
  pdist: [1, 2, 3].map((p) =>
    one(
      [[3, 2]],
      (x) =>
        torch.pdist(
          x.add(
            torch.tensor(
              [
                [0, 0],
                [7, 4],
                [3, 9],
              ],
              { dtype: "float64" },
            ),
          ),
          p,
        ),
      {
        name: `${p}`,
      },
    ),
  ),
  pairwiseDistance: [
    one(points.slice(0, 1).concat([[2]]), (x, y) => torch.pairwiseDistance(x, y.add(5))),
    one([[3], [3]], (x, y) => torch.pairwiseDistance(x, y.add(5), 3, { keepdim: true }), { name: "3" }),
  ],
  cosineSimilarity: [
    one(
      [
        [2, 3],
        [2, 3],
      ],
      (x, y) => torch.cosineSimilarity(x, y),
    ),
    one([[2, 3], [3]], (x, y) => torch.cosineSimilarity(x, y, -1), { name: "broadcast" }),
  ],
};
