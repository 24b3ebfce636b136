// Indexing as in Python: x.at(0), x.at("1:3, ..., None"), x.at([{ start: 1 }, rows]), and x.set(...) to assign.
// Floor L4 (ops). Source: https://numpy.org/doc/stable/user/basics.indexing.html

import type { Scalar } from "../base/dtype.ts";
import { IndexError, showShape, ValueError } from "../base/errors.ts";
import { numel } from "../base/shape.ts";
import { recorder, tracer } from "../tensor/capturing.ts";
import { takenForView } from "../tensor/record.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";
import type { Index, Parsed } from "./at-index.ts";
import { consumes, isMask, parseIndex } from "./at-index.ts";
import { composite } from "./define.ts";
import { scalarOf } from "./fill-elements.ts";
import type { OpFn } from "./signatures.ts";

export type { Index, IndexItem, Slice } from "./at-index.ts";

/** Whether a function is being captured or traced. */
const isWatched = (): boolean => recorder !== null || tracer !== null;

/** A 0-d tensor as the number or boolean that it stands for. */
const unwrapped = (item: Parsed): Parsed =>
  !isTensor(item) || item.ndim > 0
    ? item
    : isMask(item)
      ? Boolean(item.item())
      : item.dtype === "int32" || item.dtype === "int64"
        ? Number(item.item())
        : item;

/** Applies integers, slices and new dimensions as views; returns what is left for index tensors. */
function applyBasic(
  x: AnyTensor,
  given: readonly Parsed[],
): { view: AnyTensor; indices: (AnyTensor | null)[] } {
  // While a function is captured or traced, a number that only a run knows is an index tensor of one element.
  const items = isWatched() && given.filter(isTensor).length === 1 ? given : given.map(unwrapped);
  const taken = items.reduce<number>((n, item) => n + consumes(item), 0);
  if (taken > x.ndim)
    throw new IndexError(
      `too many indices for tensor of dimension ${x.ndim}: ${taken} given for shape ${showShape(x.shape)}`,
    );
  let view = x;
  let d = 0;
  const indices: (AnyTensor | null)[] = [];
  for (const item of items) {
    if (item === "...") {
      const skip = x.ndim - taken;
      for (let i = 0; i < skip; i++) indices.push(null);
      d += skip;
    } else if (item === null) {
      view = view.unsqueeze(d++);
      indices.push(null);
    } else if (typeof item === "boolean") {
      view = view.unsqueeze(d++);
      indices.push(fresh(Uint8Array.of(Number(item)), [1], "bool"));
    } else if (typeof item === "number") {
      const n: number = view.shape[d] ?? 0;
      if (!Number.isInteger(item))
        throw new IndexError(
          `only integers, slices (\`:\`), ellipsis (\`...\`), None and long or byte tensors are valid indices (got ${item})`,
        );
      if (item < -n || item >= n)
        throw new IndexError(`index ${item} is out of bounds for dimension ${d} with size ${n}`);
      // Unlike NumPy, PyTorch takes integers out first, also beside index tensors.
      view = view.select(d, item);
    } else if (isTensor(item)) {
      indices.push(item);
      d += consumes(item);
    } else {
      const step = item.step ?? 1;
      if (!(step > 0))
        throw new ValueError(step === 0 ? "slice step cannot be zero" : "step must be greater than zero");
      view = view.sliceDim(d, item.start, item.end, step);
      indices.push(null);
      d++;
    }
  }
  return { view, indices: indices.some((i) => i !== null) ? indices : [] };
}

/**
 * Elements at an index: `x.at(0)`, `x.at(0, -1)`, `x.at("1:3, ..., None")`, `x.at([{ start: 1, end: 3 }, rows])`. Integers,
 * 0-d integer tensors and slices give views; index tensors, masks and booleans give copies. The dimensions of index tensors
 * stand where the indexed dimensions stood if those are neighbours, else in front, as in NumPy.
 * @throws IndexError for an index out of range or too many of them.
 * @example torch.tensor([[1, 2], [3, 4]]).at("1, :") // tensor([3, 4])
 */
export const at: OpFn<Index[]> = composite(
  (x: AnyTensor, ...args: unknown[]) => {
    const { view, indices } = applyBasic(x, parseIndex(args));
    if (indices.length > 0) {
      const part = view.indexTensors(indices);
      // The view of a number that only a run knows.
      const single = recorder !== null && indices.find((i) => i !== null)!;
      return single && single.ndim === 0 && !isMask(single) ? takenForView(part) : part;
    }
    return view === x ? x.view(x.shape) : view;
  },
  { variadic: true },
);

/** Without leading dimensions of extent 1 beyond those of the target. */
function trimmed(values: AnyTensor, rank: number): AnyTensor {
  let extra = 0;
  while (values.ndim - extra > rank && values.shape[extra] === 1) extra++;
  return extra === 0 ? values : values.reshape(values.shape.slice(extra));
}

/**
 * Assigns to the elements at an index: `x.set(0, 1.5)`, `x.set("1:3, 0", values)`. Values are broadcast and converted to
 * x's dtype. Returns x.
 *
 * Differs from PyTorch: values of another dtype are converted beside index tensors too.
 */
export const set: OpFn<[index: Index, values: AnyTensor | Scalar], "self"> = composite(
  (x: AnyTensor, index: unknown, values: AnyTensor | Scalar) => {
    const items = parseIndex([index]);
    // False chooses nothing, whatever the values are.
    const known = !isWatched() || !isTensor(items[0]);
    if (items.length === 1 && known && unwrapped(items[0]!) === false) return x;
    const { view, indices } = applyBasic(x, items);
    const mask = isWatched() ? lonelyMask(indices) : null;
    if (mask && (!isTensor(values) || numel(values.shape) === 1)) {
      const rest = Math.max(0, view.ndim - indices.indexOf(mask) - mask.ndim);
      const shape = [...mask.shape, ...new Array<number>(rest).fill(1)];
      view.maskedFill_(mask.reshape(shape).bool(), isTensor(values) ? values.reshape([]) : values);
    } else if (indices.length > 0)
      view.indexPut_(
        indices,
        isTensor(values) ? spread(values.to(x.dtype), view, indices) : scalarOf(x, values),
      );
    else if (isTensor(values)) view.copy_(trimmed(values, view.ndim));
    else view.fill_(values);
    return x;
  },
);

/** The mask that is all of an index, but for dimensions that are taken whole; null for another index. */
function lonelyMask(indices: readonly (AnyTensor | null)[]): AnyTensor | null {
  const [only, ...others] = indices.filter((i) => i !== null);
  return only && others.length === 0 && isMask(only) ? only : null;
}

/** The values without leading ones that the indexed result has no dimension for. */
function spread(values: AnyTensor, view: AnyTensor, indices: readonly (AnyTensor | null)[]): AnyTensor {
  const masks = indices.filter((i) => i !== null && isMask(i)) as AnyTensor[];
  const lists = indices.filter((i) => i !== null && !isMask(i)) as AnyTensor[];
  const taken = masks.reduce((n, m) => n + m.ndim, lists.length);
  const own = Math.max(masks.length > 0 ? 1 : 0, ...lists.map((i) => i.ndim));
  return trimmed(values, view.ndim - taken + own);
}
