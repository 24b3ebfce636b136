// Inputs at which the derivatives of convolutions, pooling and resampling are checked.

import { nn } from "../../../src/index.ts";
import type { Samples } from "./common.ts";
import { one } from "./common.ts";

const F = nn.functional;

export const spatial: Samples = {
  "nn.functional.conv1d": [
    one([[2, 2, 5], [3, 2, 3], [3]], (x, w, b) => F.conv1d(x, w, b, { stride: 2, padding: 1 })),
    one(
      [
        [4, 5],
        [2, 2, 2],
      ],
      (x, w) => F.conv1d(x, w, null, { groups: 2, padding: "same" }),
      {
        name: "groups, unbatched",
      },
    ),
  ],
  "nn.functional.conv2d": [
    one([[2, 2, 4, 3], [2, 2, 3, 2], [2]], (x, w, b) => F.conv2d(x, w, b, { padding: [1, 0] })),
    one(
      [
        [1, 2, 5, 4],
        [2, 1, 2, 2],
      ],
      (x, w) => F.conv2d(x, w, null, { stride: [2, 1], dilation: 2, groups: 2 }),
      {
        name: "stride, dilation, groups",
      },
    ),
    one([[2, 3, 2, 2], [2, 3, 1, 1], [2]], (x, w, b) => F.conv2d(x, w, b), { name: "1 by 1" }),
  ],
  "nn.functional.conv3d": [
    one([[1, 2, 2, 3, 2], [2, 2, 2, 2, 1], [2]], (x, w, b) => F.conv3d(x, w, b, { padding: [1, 0, 0] })),
  ],
  "nn.functional.convTranspose1d": [
    one([[2, 2, 3], [2, 2, 3], [2]], (x, w, b) =>
      F.convTranspose1d(x, w, b, { stride: 2, padding: 1, outputPadding: 1 }),
    ),
  ],
  "nn.functional.convTranspose2d": [
    one([[2, 2, 3, 2], [2, 1, 2, 3], [2]], (x, w, b) =>
      F.convTranspose2d(x, w, b, { stride: [1, 2], dilation: [2, 1], groups: 2 }),
    ),
  ],
  "nn.functional.convTranspose3d": [
    one([[2, 2, 1, 2], [2, 1, 1, 2, 2], [1]], (x, w, b) =>
      F.convTranspose3d(x, w, b, { padding: [0, 0, 1] }),
    ),
  ],
};
