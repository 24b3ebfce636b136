// Inputs at which the derivatives of ops are checked.

import * as torch from "../../../src/index.ts";
import type { Samples } from "./common.ts";
import { int, mask, one } from "./common.ts";

export const movement: Samples = {
  reshape: [one([[2, 3]], (x) => x.reshape(3, -1))],
  view: [one([[2, 3]], (x) => x.contiguous().view(3, 2))],
  flatten: [one([[2, 2, 3]], (x) => x.flatten(1))],
  unflatten: [one([[2, 6]], (x) => x.unflatten(1, [2, 3]))],
  permute: [one([[2, 2, 3]], (x) => x.permute(2, 0, 1))],
  transpose: [one([[2, 2, 3]], (x) => x.transpose(0, -1))],
  t: [one([[2, 3]], (x) => x.t())],
  squeeze: [one([[1, 3, 1]], (x) => x.squeeze()), one([[1, 3, 1]], (x) => x.squeeze(-1), { name: "dim" })],
  unsqueeze: [one([[2, 3]], (x) => x.unsqueeze(-1))],
  expand: [one([[2, 1]], (x) => x.expand(3, 2, 4)), one([[2, 1]], (x) => x.expand(-1, 3), { name: "-1" })],
  broadcastTo: [one([[2, 1]], (x) => x.broadcastTo([2, 3]))],
  expandAs: [one([[2, 1]], (x) => x.expandAs(torch.zeros(2, 3)))],
  sumToSize: [
    one([[2, 3]], (x) => x.sumToSize([2, 1])),
    one([[2, 3]], (x) => x.sumToSize([3]), { name: "rank" }),
  ],
  narrow: [one([[2, 4]], (x) => x.narrow(1, 1, 2))],
  sliceDim: [
    one([[2, 5]], (x) => x.sliceDim(1, 0, null, 2)),
    one([[2, 5]], (x) => x.sliceDim(-1, -4, -1, 2), { name: "negative" }),
    one([[2, 5]], (x) => x.sliceDim(1, 3, 2), { name: "empty" }),
  ],
  select: [one([[2, 3]], (x) => x.select(1, -2))],
  unbind: [one([[2, 3]], (x) => x.unbind(1))],
  split: [one([[5, 2]], (x) => x.split(2)), one([[5, 2]], (x) => x.split([1, 4]), { name: "sizes" })],
  chunk: [one([[5, 2]], (x) => x.chunk(2))],
  cat: [
    one(
      [
        [2, 3],
        [1, 3],
      ],
      (x, y) => torch.cat([x, y, x]),
    ),
    one(
      [
        [2, 1],
        [2, 3],
      ],
      (x, y) => torch.cat([x, y], -1),
      { name: "dim -1" },
    ),
  ],
  stack: [
    one(
      [
        [2, 3],
        [2, 3],
      ],
      (x, y) => torch.stack([x, y], 1),
    ),
    one([[], []], (x, y) => torch.stack([x, y]), { name: "0-d" }),
  ],
  clone: [one([[2, 3]], (x) => x.clone())],
  contiguous: [one([[2, 3]], (x) => x.contiguous())],
  to: [one([[2, 3]], (x) => x.to("float64").mul(1))],
  asStrided: [
    one([[6]], (x) => x.contiguous().asStrided([2, 2], [3, 1], 1)),
    one([[6]], (x) => x.contiguous().asStrided([3, 3], [1, 1], 0), { name: "overlapping" }),
  ],
  asStridedScatterAdd: [one([[2, 2]], (x) => x.asStridedScatterAdd([2, 3], [3, 1], [1, 1], 1))],
  at: [
    one([[3, 4]], (x) => x.at("1:, ::2")),
    one([[3, 4]], (x) => x.at(-1), { name: "integer" }),
    one([[3, 4]], (x) => x.at([int([2, 0, 2]), int([1, 1, 1])]), { name: "index tensors" }),
    one([[2, 3]], (x) => x.at([mask]), { name: "mask" }),
    one([[3, 4]], (x) => x.at("..., None, 1"), { name: "None" }),
  ],
  set: [
    one([[2, 3], [2]], (x, y) => x.mul(1).set(":, 1", y)),
    one([[2, 3], [3]], (x, y) => x.mul(1).set([mask], y), { name: "mask" }),
  ],
};
