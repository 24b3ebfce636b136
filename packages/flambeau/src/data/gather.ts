// Rows of a tensor put together into a batch: the same numbers as stacking them one by one, in one pass.
// Floor L5 (data).

import type { TypedArray } from "../base/dtype.ts";
import { IndexError } from "../base/errors.ts";
import { allocateUnset } from "../tensor/storage.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, needsGrad } from "../tensor/tensor.ts";

// From here on a block copy is faster than a loop.
const blockElements = 48;

/** `torch.stack(indices.map((i) => x.at(i)))`. @throws IndexError for an index out of range. */
export function gatherRows(x: AnyTensor, indices: readonly number[]): AnyTensor {
  const rows: number = x.shape[0];
  const count = indices.length;
  const shape = x.shape.slice() as number[];
  shape[0] = count;
  if (!x.packed || needsGrad([x])) {
    const places = Int32Array.from(indices, (i) => (i < 0 ? i + rows : i));
    return x.indexSelect(0, fresh(places, [count], "int32"));
  }
  let width = 1;
  for (let d = 1; d < shape.length; d++) width *= shape[d]!;
  const out: AnyTensor = fresh(allocateUnset(x.dtype, count * width), shape, x.dtype);
  // Both arrays are of one type; which one does not matter for moving elements.
  const to: Float32Array = out.storage.data as TypedArray as Float32Array;
  const from: Float32Array = x.storage.data as TypedArray as Float32Array;
  for (let r = 0, w = 0; r < count; ) {
    const index = indices[r++]!;
    const row = index < 0 ? index + rows : index;
    if (!(row >= 0 && row < rows))
      throw new IndexError(`index ${index} is out of bounds for dimension 0 with size ${rows}`);
    // Rows that follow one another, as those of a loader that does not shuffle, are one block.
    let n = width;
    for (let next = row + 1; r < count && indices[r] === next && next < rows; next++, r++) n += width;
    const start = x.offset + row * width;
    if (n >= blockElements) {
      to.set(from.subarray(start, start + n), w);
      w += n;
    } else for (let k = 0; k < n; k++) to[w++] = from[start + k]!;
  }
  return out;
}
