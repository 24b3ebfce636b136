// Bags of embeddings in captured functions, where nobody looks at the numbers of rows and at where bags begin.
// Floor L5 (nn).

import { where } from "../../ops/select.ts";
import { arange } from "../../tensor/range.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

export interface Bags {
  readonly mode: "sum" | "mean" | "max";
  readonly perSampleWeights: AnyTensor | null;
  /** Which of the rows count, in the shape of their numbers; null for all. */
  readonly counted: AnyTensor | null;
}

const atLeastOne = (counts: AnyTensor): AnyTensor => counts.clampMin(1) as AnyTensor;

/** The largest of those rows along dimension 1 that are members; 0 where there are none. */
function largest(rows: AnyTensor, members: AnyTensor | null): AnyTensor {
  if (!members) return rows.max(1).values as AnyTensor;
  const some = where(members.unsqueeze(-1), rows, Number.NEGATIVE_INFINITY) as AnyTensor;
  return where(members.any(1, { keepdim: true }), some.max(1).values as AnyTensor, 0) as AnyTensor;
}

/** Bags of one size: rows [bags, size, features] to [bags, features]. */
export function bagsOfOneSize(rows: AnyTensor, { mode, perSampleWeights, counted }: Bags): AnyTensor {
  const [bags, size, features] = rows.shape as [number, number, number];
  if (size === 0) return rows.newZeros([bags, features]);
  if (mode === "max") return largest(rows, counted);
  const scaled: AnyTensor = perSampleWeights ? rows.mul(perSampleWeights.unsqueeze(-1)) : rows;
  const used = counted ? (where(counted.unsqueeze(-1), scaled, 0) as AnyTensor) : scaled;
  const sums: AnyTensor = used.sum(1);
  if (mode === "sum") return sums;
  return sums.div(counted ? atLeastOne(counted.sum(1, { keepdim: true }).to(rows.dtype)) : size);
}

/** Bags that begin at `offsets` [bags], the first one at 0, among rows [n, features]; with `hasEnd`, the last offset is only an end. */
export function bagsFromOffsets(
  rows: AnyTensor,
  offsets: AnyTensor,
  hasEnd: boolean,
  { mode, perSampleWeights, counted }: Bags,
): AnyTensor {
  const [n, features] = rows.shape as [number, number];
  const bags = (offsets.shape[0] as number) - Number(hasEnd);
  if (n === 0 || bags === 0) return rows.newZeros([bags, features]);
  const bag: AnyTensor = offsets.unsqueeze(1).le(arange(n)).sum(0).sub(1);
  const inside = hasEnd ? (bag.lt(bags) as AnyTensor) : null;
  const all = inside && counted ? inside.logicalAnd(counted) : (inside ?? counted);
  if (mode === "max") {
    const members: AnyTensor = bag.unsqueeze(0).eq(arange(bags).unsqueeze(1));
    const some = all ? members.logicalAnd(all.unsqueeze(0)) : members;
    return largest(rows.unsqueeze(0).expand([bags, n, features]), some);
  }
  const scaled: AnyTensor = perSampleWeights ? rows.mul(perSampleWeights.unsqueeze(1)) : rows;
  const used = all ? (where(all.unsqueeze(1), scaled, 0) as AnyTensor) : scaled;
  const index: AnyTensor = hasEnd ? bag.clampMax(bags - 1) : bag;
  const sums: AnyTensor = rows.detach().newZeros([bags, features]).indexAdd(0, index, used);
  if (mode === "sum") return sums;
  const ones: AnyTensor = all ? all.to(rows.dtype) : rows.detach().newOnes([n]);
  const counts: AnyTensor = rows.detach().newZeros([bags, 1]).indexAdd(0, index, ones.unsqueeze(1));
  return sums.div(atLeastOne(counts));
}
