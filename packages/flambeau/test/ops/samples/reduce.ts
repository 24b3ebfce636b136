// Inputs at which the derivatives of ops are checked.

import type { Samples } from "./common.ts";
import { along, alongs, one, positive } from "./common.ts";

export const reduce: Samples = {
  sum: alongs,
  mean: alongs,
  amax: alongs,
  amin: alongs,
  prod: along,
  var: alongs,
  // Not along a dimension that is expanded: where the deviation is 0, the second derivative is undefined.
  std: (op) => alongs(op).filter((s) => s.name !== "dim 0"),
  logsumexp: (op) => along(op).slice(1),
  norm: ["fro", 1, 2, 3, 0.5, Infinity, -Infinity].map((p) =>
    one([[2, 3]], (x) => x.norm(p, 1), { name: `${p}`, domain: positive }),
  ),
  softmax: [0, -1].map((d) => one([[2, 3]], (x) => x.softmax(d), { name: `dim ${d}` })),
  logSoftmax: [0, -1].map((d) => one([[2, 3]], (x) => x.logSoftmax(d), { name: `dim ${d}` })),
  cumsum: [one([[2, 3]], (x) => x.cumsum(1))],
};
