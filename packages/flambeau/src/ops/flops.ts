// Counts the floating-point operations of matrix products and convolutions, which are nearly all that networks do.
// Floor L4 (ops).

/** Who is told of operations as they run; null for nobody. */
export const meter: { add: ((flops: number) => void) | null } = { add: null };

/**
 * Runs `body` and counts the additions and multiplications of its matrix products and convolutions, those of gradients
 * included: 2 m n k for a product of [m, k] and [k, n].
 *
 * @returns what `body` returned, and the number
 * @example
 * const { flops } = torch.utils.countFlops(() => net(x));
 */
export function countFlops<T>(body: () => T): { readonly result: T; readonly flops: number } {
  const before = meter.add;
  let flops = 0;
  meter.add = (n) => {
    flops += n;
    before?.(n);
  };
  try {
    const result = body();
    return { result, flops };
  } finally {
    meter.add = before;
  }
}
