// Functions of several tensors: a common shape, grids and combinations of values.
// Floor L4 (ops). Source: torch/functional.py, https://pytorch.org/docs/stable/generated/torch.meshgrid.html

import type { DType } from "../base/dtype.ts";
import { getDefaultDType, promoteTypes } from "../base/dtype.ts";
import { RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes as broadcastTwo, checkShape, numel, sameShape } from "../base/shape.ts";
import { allocate } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import { tensorsOf } from "./arguments.ts";
import { composite, op } from "./define.ts";
import { stack } from "./join.ts";
import type { TensorsFn, TensorsToOne } from "./signatures.ts";

/** The shape that tensors of the given shapes broadcast to. A number stands for a shape of one dimension. */
export const broadcastShapes: (...shapes: (number | Shape)[]) => number[] = composite(
  (...shapes: (number | Shape)[]) => {
    let out: Shape = [];
    for (const s of shapes)
      out = broadcastTwo(
        out,
        checkShape(typeof s === "number" ? [s] : s, "broadcast_shapes"),
        "broadcast_shapes",
      );
    return [...out];
  },
  { method: false, variadic: true },
);

/** The tensors, each expanded to the shape that all broadcast to. Views. */
export const broadcastTensors: TensorsFn = composite(
  (...args: unknown[]) => {
    const tensors = tensorsOf(args, "broadcast_tensors");
    const shape = tensors.reduce<Shape>((s, x) => broadcastTwo(s, x.shape, "broadcast_tensors"), []);
    return tensors.map((x) => (sameShape(x.shape, shape) ? x : x.expand(shape)));
  },
  { method: false, variadic: true },
);

/** Option of {@link meshgrid}. */
interface MeshgridOptions {
  /** "ij" (default): the first tensor runs along dimension 0; "xy": along dimension 1, as in plots. */
  readonly indexing?: "ij" | "xy";
}

/**
 * Grids of coordinates from 1-d tensors (or 0-d ones, which count as one element): grid i repeats tensor i along all
 * dimensions but its own. Views.
 * @throws RuntimeError for tensors of more dimensions or different dtypes.
 */
export const meshgrid: TensorsFn<MeshgridOptions> = composite(
  (...args: unknown[]) => {
    const last = args.at(-1);
    const given = typeof last === "object" && last !== null && !Array.isArray(last) && !isTensor(last);
    const tensors = tensorsOf(given ? args.slice(0, -1) : args, "meshgrid");
    const { indexing = "ij" } = (given ? last : {}) as MeshgridOptions;
    if (tensors.length === 0) throw new RuntimeError("meshgrid expects a non-empty TensorList");
    for (const x of tensors) {
      if (x.ndim > 1)
        throw new RuntimeError(
          `torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: ${showShape(x.shape)}`,
        );
      if (x.dtype !== tensors[0]!.dtype)
        throw new RuntimeError("torch.meshgrid expects all tensors to have the same dtype");
    }
    if (indexing !== "ij" && indexing !== "xy")
      throw new RuntimeError(
        `torch.meshgrid: indexing must be one of "xy" or "ij", but received: ${String(indexing)}`,
      );
    const swapped = indexing === "xy" && tensors.length >= 2;
    const order = swapped ? [tensors[1]!, tensors[0]!, ...tensors.slice(2)] : tensors;
    const shape = order.map((x) => numel(x.shape));
    const grids = order.map((x, i) => x.reshape(shape.map((n, k) => (k === i ? n : 1))).expand(shape));
    return swapped ? [grids[1]!, grids[0]!, ...grids.slice(2)] : grids;
  },
  { method: false, variadic: true },
);

/** All tuples with one element of each 1-d tensor, in rows. A single tensor is returned as it is. */
export const cartesianProd: TensorsToOne = composite(
  (...args: unknown[]) => {
    const tensors = tensorsOf(args, "cartesian_prod");
    for (const x of tensors)
      if (x.ndim !== 1) throw new RuntimeError(`Expect a 1D vector, but got shape ${showShape(x.shape)}`);
    if (tensors.length === 1) return tensors[0]!;
    return stack(
      meshgrid(...tensors).map((g) => g.reshape(-1)),
      1,
    );
  },
  { method: false, variadic: true },
);

/** Numbers 0 to n-1 in rows of r, ascending; strictly so unless `repeat`. */
function combined(n: number, r: number, repeat: boolean): number[] {
  const out: number[] = [];
  const row = new Array<number>(r).fill(0);
  const place = (i: number, from: number): void => {
    if (i === r) {
      for (const v of row) out.push(v);
      return;
    }
    for (let v = from; v < n; v++) {
      row[i] = v;
      place(i + 1, repeat ? v : v + 1);
    }
  };
  place(0, 0);
  return out;
}

/**
 * The combinations of `r` (default 2) elements of a 1-d tensor, in rows; with `withReplacement` an element may come
 * several times.
 */
export const combinations: (x: AnyTensor, r?: number, withReplacement?: boolean) => AnyTensor = composite(
  (x: AnyTensor, r = 2, withReplacement = false) => {
    if (x.ndim !== 1) throw new RuntimeError(`Expect a 1D vector, but got shape ${showShape(x.shape)}`);
    if (!Number.isInteger(r) || r < 0) throw new RuntimeError(`Expect a non-negative number, but got ${r}`);
    if (r === 0) return x.newEmpty([0]);
    const index = combined(x.length, r, withReplacement);
    return x.indexSelect(0, fresh(Int32Array.from(index), [index.length], "int32")).reshape([-1, r]);
  },
  { method: false },
);

const asMatrix = (x: AnyTensor): AnyTensor => (x.ndim === 2 ? x : x.reshape([1, numel(x.shape)]));

/** Matrices along the diagonal of a large one, zeros elsewhere; vectors count as rows, numbers as 1x1. */
const placed: (tensors: readonly AnyTensor[]) => AnyTensor = op({
  name: "blockDiag",
  forward: (tensors: readonly AnyTensor[]) => {
    const dtype = tensors.map((x) => x.dtype as DType).reduce(promoteTypes);
    const rows = tensors.reduce((n, x) => n + x.shape[0]!, 0);
    const cols = tensors.reduce((n, x) => n + x.shape[1]!, 0);
    const out = tensors[0]!.newZeros([rows, cols], { dtype });
    blocks(tensors, out).forEach((block, i) => {
      block.copy_(tensors[i]!);
    });
    return out;
  },
  vjp: (g, s) => blocks(s.meta(0), g),
});

function blocks(shapes: readonly { readonly shape: Shape }[], whole: AnyTensor): AnyTensor[] {
  let [row, col] = [0, 0];
  return shapes.map(({ shape }) => {
    const [m, n] = shape as [number, number];
    [row, col] = [row + m, col + n];
    return whole.narrow(0, row - m, m).narrow(1, col - n, n);
  });
}

/** {@link placed}: `blockDiag(a, b)` is [[a, 0], [0, b]]. @throws RuntimeError for tensors of more than two dimensions. */
export const blockDiag: TensorsToOne = composite(
  (...args: unknown[]) => {
    const tensors = tensorsOf(args, "block_diag");
    tensors.forEach((x, i) => {
      if (x.ndim > 2)
        throw new ShapeError(
          "blockDiag",
          [x.shape],
          `torch.block_diag: Input tensors must have 2 or fewer dimensions. Input ${i} has ${x.ndim} dimensions`,
        );
    });
    if (tensors.length === 0) return fresh(allocate(getDefaultDType(), 0), [1, 0], getDefaultDType());
    return placed(tensors.map(asMatrix));
  },
  { method: false, variadic: true },
);
