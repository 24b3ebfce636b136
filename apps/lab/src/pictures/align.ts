// Curves with points of their own over one list of x.

/** The x of all curves, ascending, and for each curve which of its points stands at each of them. */
export interface Aligned {
  readonly xs: readonly number[];
  readonly at: readonly (readonly (number | undefined)[])[];
}

/** Points of one curve with the same x each get a place, those of several curves share theirs; x that is not finite has none. */
export function align(curves: readonly { readonly x: ArrayLike<number> }[]): Aligned {
  const orders = curves.map(({ x }) =>
    Array.from({ length: x.length }, (_, i) => i)
      .filter((i) => Number.isFinite(x[i]))
      .sort((i, j) => x[i]! - x[j]!),
  );
  const next = curves.map(() => 0);
  const xs: number[] = [];
  const at: (number | undefined)[][] = curves.map(() => []);
  for (;;) {
    const heads = curves.map(({ x }, c) => x[orders[c]![next[c]!] ?? -1] ?? Number.POSITIVE_INFINITY);
    const least = Math.min(...heads);
    if (least === Number.POSITIVE_INFINITY) return { xs, at };
    xs.push(least);
    for (const [c, head] of heads.entries()) at[c]!.push(head === least ? orders[c]![next[c]!++] : undefined);
  }
}
