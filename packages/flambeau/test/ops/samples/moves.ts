// Inputs at which the derivatives of ops are checked: dimensions moved, diagonals, repetition, joins, scatter.

import * as torch from "../../../src/index.ts";
import type { Sample, Samples } from "./common.ts";
import { int, mask, one, positive } from "./common.ts";

const matrix = [2, 3];
const cube = [2, 3, 4];
const list = (x: torch.AnyTensor[]): torch.AnyTensor[] => x;
const places = int([
  [2, 0],
  [2, 1],
]);

/** scatterReduce and indexReduce by reduction; the source is `reduce`'s second input. */
const reductions = (
  run: (x: torch.AnyTensor, y: torch.AnyTensor, how: "mean", self: boolean) => torch.AnyTensor,
) =>
  (["prod", "mean", "amax", "amin"] as "mean"[]).flatMap((how): Sample[] =>
    [true, false].map((self) =>
      one(
        [
          [3, 2],
          [2, 2],
        ],
        (x, y) => run(x, y, how, self),
        { name: `${how} ${self}`, domain: positive },
      ),
    ),
  );

export const moves: Samples = {
  movedim: [
    one([cube], (x) => x.movedim(0, -1)),
    one([cube], (x) => x.movedim([0, 1], [2, 0]), { name: "lists" }),
  ],
  moveaxis: [one([cube], (x) => x.moveaxis(1, 0))],
  swapaxes: [one([cube], (x) => x.swapaxes(0, 2))],
  swapdims: [one([cube], (x) => x.swapdims(0, 1))],
  adjoint: [one([cube], (x) => x.adjoint())],
  ravel: [one([matrix], (x) => x.ravel())],
  viewAs: [one([matrix], (x) => x.contiguous().viewAs(torch.zeros(3, 2)))],
  reshapeAs: [one([matrix], (x) => x.reshapeAs(torch.zeros(3, 2)))],
  unfold: [
    one([[2, 5]], (x) => x.unfold(1, 3, 1)),
    one([[5, 2]], (x) => x.unfold(0, 2, 2), { name: "step" }),
    one([[]], (x) => x.unfold(0, 1, 1), { name: "0-d" }),
  ],
  slice: [one([[5, 2]], (x) => x.slice(0, 1, -1, 2))],
  atleast1d: [
    one([[]], (x) => torch.atleast1d(x)),
    one([[], [2]], (x, y) => list(torch.atleast1d(x, y)), { name: "list" }),
  ],
  atleast2d: [one([[3]], (x) => torch.atleast2d(x))],
  atleast3d: [
    one([[3]], (x) => torch.atleast3d(x)),
    one([matrix], (x) => torch.atleast3d(x), { name: "matrix" }),
  ],
  broadcastTensors: [one([[3], [2, 1]], (x, y) => list(torch.broadcastTensors(x, y)))],
  meshgrid: [one([[3], [2]], (x, y) => list(torch.meshgrid(x, y, { indexing: "xy" })))],
  cartesianProd: [one([[3], [2]], (x, y) => torch.cartesianProd(x, y))],
  combinations: [one([[4]], (x) => torch.combinations(x, 2))],
  blockDiag: [one([matrix, [2], []], (x, y, z) => torch.blockDiag(x, y, z))],
  diagonal: [
    one([cube], (x) => x.diagonal(1, 1, 2)),
    one([matrix], (x) => x.diagonal(-1), { name: "below" }),
    one([matrix], (x) => x.diagonal(9), { name: "empty" }),
  ],
  diagEmbed: [
    one([matrix], (x) => x.diagEmbed(1)),
    one([matrix], (x) => x.diagEmbed(-1, 0, 2), { name: "dims" }),
  ],
  diag: [one([[3]], (x) => x.diag(1)), one([matrix], (x) => x.diag(1), { name: "matrix" })],
  diagflat: [one([matrix], (x) => x.diagflat(-1))],
  trace: [one([matrix], (x) => x.trace())],
  tril: [
    one([cube], (x) => x.tril(1)),
    one([matrix], (x) => x.tril(), { name: "matrix", inplace: (x) => x.tril_(1) }),
  ],
  triu: [
    one([cube], (x) => x.triu(-1)),
    one([matrix], (x) => x.triu(), { name: "matrix", inplace: (x) => x.triu_(-1) }),
  ],
  flip: [one([cube], (x) => x.flip(0, -1)), one([cube], (x) => x.flip([1]), { name: "list" })],
  fliplr: [one([matrix], (x) => x.fliplr())],
  flipud: [one([matrix], (x) => x.flipud())],
  roll: [one([matrix], (x) => x.roll(1)), one([cube], (x) => x.roll([1, -1], [0, 2]), { name: "dims" })],
  rot90: [1, 2, 3].map((k) => one([matrix], (x) => x.rot90(k), { name: `${k}` })),
  repeat: [one([matrix], (x) => x.repeat(2, 1, 3)), one([matrix], (x) => x.repeat(0, 2), { name: "none" })],
  tile: [one([matrix], (x) => x.tile(2))],
  repeatInterleave: [
    one([matrix], (x) => x.repeatInterleave(2, 1)),
    one([matrix], (x) => x.repeatInterleave(int([2, 0]), 0), { name: "tensor" }),
  ],
  selectScatter: [one([matrix, [2]], (x, y) => x.selectScatter(y, 1, 2))],
  sliceScatter: [
    one(
      [
        [4, 2],
        [2, 2],
      ],
      (x, y) => x.sliceScatter(y, 0, 0, 4, 2),
    ),
  ],
  diagonalScatter: [one([matrix, [2]], (x, y) => x.diagonalScatter(y, 1))],
  asStridedScatter: [
    one([[6], [2, 2]], (x, y) => x.contiguous().clone().asStridedScatter(y, [2, 2], [2, 1], 1)),
  ],
  narrowCopy: [one([matrix], (x) => x.narrowCopy(1, 1, 2))],
  splitWithSizes: [one([[5, 2]], (x) => x.splitWithSizes([2, 3]))],
  tensorSplit: [
    one([[5, 2]], (x) => x.tensorSplit(2)),
    one([[5, 2]], (x) => x.tensorSplit([1, 3]), { name: "places" }),
  ],
  hsplit: [one([[2, 4]], (x) => x.hsplit(2))],
  vsplit: [one([[2, 4]], (x) => x.vsplit(2))],
  dsplit: [one([[2, 2, 2]], (x) => x.dsplit([1]))],
  concat: [one([[2], [3]], (x, y) => torch.concat([x, y]))],
  concatenate: [one([[2], [3]], (x, y) => torch.concatenate([x, y]))],
  hstack: [
    one([[2], []], (x, y) => torch.hstack([x, y])),
    one([matrix, [2, 1]], (x, y) => torch.hstack([x, y]), { name: "matrices" }),
  ],
  vstack: [one([[3], matrix], (x, y) => torch.vstack([x, y]))],
  rowStack: [one([[3], matrix], (x, y) => torch.rowStack([x, y]))],
  dstack: [one([[3], [1, 3]], (x, y) => torch.dstack([x, y]))],
  columnStack: [one([[2], matrix], (x, y) => torch.columnStack([x, y]))],
  typeAs: [one([matrix], (x) => x.typeAs(torch.zeros(1, { dtype: "float64" })))],
  take: [
    one([matrix], (x) =>
      x.take(
        int([
          [0, -1],
          [3, 3],
        ]),
      ),
    ),
  ],
  put: [
    one([matrix, [2]], (x, y) => x.put(int([0, -1]), y), { inplace: (x, y) => x.put_(int([0, -1]), y) }),
    one([matrix, [2]], (x, y) => x.put(int([4, 4]), y, true), { name: "accumulate" }),
  ],
  takeAlongDim: [
    one([[3, 2]], (x) => x.takeAlongDim(places, 0)),
    one([[3, 2]], (x) => x.takeAlongDim(int([[5, 0]])), { name: "flat" }),
    one([[3, 1]], (x) => x.takeAlongDim(int([[2, 0]]), 0), { name: "broadcast" }),
  ],
  indexCopy: [
    one(
      [
        [3, 2],
        [2, 2],
      ],
      (x, y) => x.indexCopy(0, int([2, 0]), y),
      { inplace: (x, y) => x.indexCopy_(0, int([2, 0]), y) },
    ),
  ],
  indexFill: [
    one([matrix, []], (x, v) => x.indexFill(-1, int([2, -1]), v), {
      inplace: (x, v) => x.indexFill_(1, int([0]), v),
    }),
    one([matrix], (x) => x.indexFill(0, int([1]), 5), { name: "number" }),
  ],
  maskedScatter: [
    one([matrix, [4]], (x, y) => x.maskedScatter(mask, y), { inplace: (x, y) => x.maskedScatter_(mask, y) }),
    one([[3], [3]], (x, y) => x.maskedScatter(mask, y), { name: "widened" }),
  ],
  scatterReduce: [
    one(
      [
        [3, 2],
        [2, 2],
      ],
      (x, y) => x.scatterReduce(0, places, y, "sum"),
      { name: "sum", inplace: (x, y) => x.scatterReduce_(0, places, y, "sum", { includeSelf: false }) },
    ),
    one(
      [
        [3, 2],
        [3, 3],
      ],
      (x, y) => x.scatterReduce(0, places, y, "mean"),
      { name: "larger source" },
    ),
    ...reductions((x, y, how, includeSelf) => x.scatterReduce(0, places, y, how, { includeSelf })),
  ],
  indexReduce: reductions((x, y, how, includeSelf) => x.indexReduce(0, int([2, 2]), y, how, { includeSelf })),
};
