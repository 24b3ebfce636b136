// Inputs at which the derivatives of ops are checked.

import * as torch from "../../../src/index.ts";
import type { Fn, Samples } from "./common.ts";
import { mask, one, positive } from "./common.ts";

const { masked } = torch;
const reduction = (f: Fn): Samples[string] => [
  one([[2, 3]], (x) => f(x, undefined, { mask })),
  one([[2, 3]], (x) => f(x, 1, { mask, keepdim: true }), { name: "dim 1" }),
  one([[2, 2, 3]], (x) => f(x, [0, -1], { mask }), { name: "dims" }),
];
const along = (f: Fn): Samples[string] => [
  one([[2, 3]], (x) => f(x, 1, { mask })),
  one([[2, 3]], (x) => f(x, -1), { name: "no mask" }),
];
// Two elements of each row, so that no deviation is 0, which would be a pole of the root.
const two = torch.tensor([true, false, true]);

export const maskedReductions: Samples = {
  "masked.sum": reduction(masked.sum),
  "masked.prod": reduction(masked.prod),
  "masked.amax": reduction(masked.amax),
  "masked.amin": reduction(masked.amin),
  "masked.mean": reduction(masked.mean),
  "masked.logsumexp": reduction(masked.logsumexp),
  "masked.norm": [1, 2, 3, -Infinity].map((p) =>
    one([[2, 3]], (x) => masked.norm(x, p, 1, { mask }), { name: `${p}`, domain: positive }),
  ),
  "masked.median": [one([[2, 3]], (x) => masked.median(x, 1, { mask: two }))],
  "masked.cumsum": along(masked.cumsum),
  "masked.cumprod": along(masked.cumprod),
  "masked.var": [one([[2, 3]], (x) => masked.var(x, 1, { mask: two, unbiased: true }))],
  "masked.std": [one([[2, 3]], (x) => masked.std(x, -1, { mask: two, keepdim: true }))],
  "masked.softmax": along(masked.softmax),
  "masked.logSoftmax": [
    one([[2, 3]], (x) => masked.logSoftmax(x, 1)),
    one([[2, 3]], (x) => masked.logSoftmax(x, 1, { mask }).at([mask]), { name: "mask" }),
  ],
  "masked.softmin": along(masked.softmin),
  "masked.normalize": [one([[2, 3]], (x) => masked.normalize(x, 2, 1, { mask }), { domain: positive })],
  "masked.logaddexp": [
    one(
      [
        [2, 3],
        [2, 3],
      ],
      (x, y) => masked.logaddexp(x, y, { inputMask: mask }),
    ),
  ],
};
