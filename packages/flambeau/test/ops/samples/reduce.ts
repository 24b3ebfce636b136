// Inputs at which the derivatives of ops are checked.

import type { Samples } from "./common.ts";
import { along, alongs, one } from "./common.ts";

export const reduce: Samples = {
  sum: alongs,
  mean: alongs,
  amax: alongs,
  amin: alongs,
  prod: along,
  logsumexp: (op) => along(op).slice(1),
  softmax: [0, -1].map((d) => one([[2, 3]], (x) => x.softmax(d), { name: `dim ${d}` })),
  logSoftmax: [0, -1].map((d) => one([[2, 3]], (x) => x.logSoftmax(d), { name: `dim ${d}` })),
};
