// The product of a chain of matrices, in the order that takes the fewest multiplications.
// Floor L4 (ops). Source: T. H. Cormen et al., Introduction to Algorithms, 15.2

import type { AnyTensor } from "../tensor/tensor.ts";

/** The order of products [i, j, split] of least cost, by dynamic programming over the extents. */
function bestOrder(extents: readonly number[]): (i: number, j: number) => number {
  const n = extents.length - 1;
  const cost = new Float64Array(n * n);
  const split = new Int32Array(n * n);
  for (let length = 1; length < n; length++)
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      let best = Number.POSITIVE_INFINITY;
      for (let k = i; k < j; k++) {
        const c = cost[i * n + k]! + cost[(k + 1) * n + j]! + extents[i]! * extents[k + 1]! * extents[j + 1]!;
        if (c < best) {
          best = c;
          split[i * n + j] = k;
        }
      }
      cost[i * n + j] = best;
    }
  return (i, j) => split[i * n + j]!;
}

/** The product of matrices with the fewest multiplications. */
export function chainProduct(matrices: readonly AnyTensor[]): AnyTensor {
  const split = bestOrder([matrices[0]!.shape[0]!, ...matrices.map((m) => m.shape[1]! as number)]);
  const product = (i: number, j: number): AnyTensor => {
    if (i === j) return matrices[i]!;
    const k = split(i, j);
    return product(i, k).matmul(product(k + 1, j));
  };
  return product(0, matrices.length - 1);
}
