// The order in which einsum multiplies its operands, by the number of multiplications.
// Floor L4 (ops). Source: https://optimized-einsum.readthedocs.io/en/stable/path_finding.html

/** Up to here all orders are compared. */
const exactLimit = 6;

type Labels = readonly number[];

/**
 * The pairs to contract. Operands are numbered from 0; the result of step s is number n + s.
 */
export function contractionOrder(
  operands: readonly Labels[],
  output: Labels,
  sizes: ReadonlyMap<number, number>,
): [number, number][] {
  const n = operands.length;
  if (n < 2) return [];
  if (n === 2) return [[0, 1]];
  return n <= exactLimit ? optimal(operands, output, sizes) : greedy(operands, output, sizes);
}

const sizeOf = (labels: Iterable<number>, sizes: ReadonlyMap<number, number>): number => {
  let n = 1;
  for (const l of labels) n *= sizes.get(l) ?? 1;
  return n;
};

/** By dynamic programming over sets of operands, written as bits. */
function optimal(
  operands: readonly Labels[],
  output: Labels,
  sizes: ReadonlyMap<number, number>,
): [number, number][] {
  const n = operands.length;
  const all = (1 << n) - 1;
  // The names that the product of a set still has: those that the output or an operand outside needs.
  const left = Array.from({ length: all + 1 }, (_, set) => {
    const needed = new Set(output);
    for (let i = 0; i < n; i++) if (!((set >> i) & 1)) for (const l of operands[i]!) needed.add(l);
    const names = new Set<number>();
    for (let i = 0; i < n; i++)
      if ((set >> i) & 1) for (const l of operands[i]!) if (needed.has(l)) names.add(l);
    return names;
  });
  const cost = new Float64Array(all + 1).fill(Number.POSITIVE_INFINITY);
  const part = new Int32Array(all + 1);
  for (let set = 1; set <= all; set++) {
    if ((set & (set - 1)) === 0) {
      cost[set] = 0;
      continue;
    }
    // Every split once: the half that holds the lowest operand comes first.
    for (let half = (set - 1) & set; half > 0; half = (half - 1) & set) {
      if ((half & set & -set) === 0) continue;
      const other = set ^ half;
      const c = cost[half]! + cost[other]! + sizeOf(new Set([...left[half]!, ...left[other]!]), sizes);
      if (c < cost[set]!) {
        cost[set] = c;
        part[set] = half;
      }
    }
  }
  const steps: [number, number][] = [];
  const build = (set: number): number => {
    if ((set & (set - 1)) === 0) return 31 - Math.clz32(set);
    const half = part[set]!;
    const pair: [number, number] = [build(half), build(set ^ half)];
    steps.push(pair);
    return n + steps.length - 1;
  };
  build(all);
  return steps;
}

/** The pair whose product shrinks the whole the most, again and again. */
function greedy(
  operands: readonly Labels[],
  output: Labels,
  sizes: ReadonlyMap<number, number>,
): [number, number][] {
  const live = new Map<number, Labels>(operands.map((labels, i) => [i, labels]));
  const steps: [number, number][] = [];
  while (live.size > 1) {
    const uses = new Map<number, number>();
    for (const labels of [...live.values(), output])
      for (const l of labels) uses.set(l, (uses.get(l) ?? 0) + 1);
    let best: { pair: [number, number]; labels: Labels } | null = null;
    let gain = Number.POSITIVE_INFINITY;
    const list = [...live];
    list.forEach(([i, a], at) => {
      for (const [j, b] of list.slice(at + 1)) {
        const own = new Set(b);
        const labels = [...new Set([...a, ...b])].filter(
          (l) => uses.get(l)! > (a.includes(l) ? 1 : 0) + (own.has(l) ? 1 : 0),
        );
        const g = sizeOf(labels, sizes) - sizeOf(a, sizes) - sizeOf(b, sizes);
        if (g < gain) {
          gain = g;
          best = { pair: [i, j], labels };
        }
      }
    });
    const { pair, labels } = best!;
    live.delete(pair[0]);
    live.delete(pair[1]);
    live.set(operands.length + steps.length, labels);
    steps.push(pair);
  }
  return steps;
}
