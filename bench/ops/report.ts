// The table on the terminal and in docs/performance.md.

import { digits, machine, writeSection } from "../document.ts";
import type { Row } from "./rows.ts";
import { groups } from "./rows.ts";

export interface Result extends Row {
  /** Microseconds a call, medians; PyTorch's are null where it is missing. */
  readonly us: number;
  readonly torchUs: number | null;
  /** Median of the turns' ratios, PyTorch / flambeau: above 1 we are faster. */
  readonly ratio: number | null;
}

const power = (n: number): string => (n === 0 ? "" : `1e${Math.log10(n).toFixed(0)}`);
const cells = (r: Result): string[] => [
  r.op,
  power(r.n),
  digits(r.us),
  r.torchUs === null ? "–" : digits(r.torchUs),
  r.ratio === null ? "–" : r.ratio.toFixed(2),
];

/** Prints the rows, group by group. */
export function print(results: readonly Result[]): void {
  for (const [group, heading] of Object.entries(groups)) {
    const those = results.filter((r) => r.group === group);
    if (those.length === 0) continue;
    console.log(`\n${heading}\n`);
    console.log(
      `${"".padEnd(22)}${"n".padStart(4)}${"flambeau us".padStart(14)}${"PyTorch us".padStart(14)}${"ratio".padStart(9)}`,
    );
    for (const r of those) {
      const [op, n, us, torchUs, ratio] = cells(r) as [string, string, string, string, string];
      console.log(
        `${op.padEnd(22)}${n.padStart(4)}${us.padStart(14)}${torchUs.padStart(14)}${ratio.padStart(9)}`,
      );
    }
  }
}

/** Writes the section of docs/performance.md; gives the file's path. */
export function write(
  results: readonly Result[],
  versions: { readonly node: string; readonly torch: string | null; readonly blas: string | null },
): string {
  const lines = [
    "Eager ops beside PyTorch's on one thread. Written by `npm run bench -- ops --write`; other machines give other",
    "numbers. Microseconds a call, medians of turns that both sides take one after the other; the ratio is PyTorch's time",
    "by flambeau's, so above 1 flambeau is faster. What a call costs beside its arithmetic counts, on either side.",
    "",
    `Machine: ${machine()}. Node ${versions.node}, PyTorch ${versions.torch ?? "(not installed)"} with ` +
      `OPENBLAS_NUM_THREADS=1, OMP_NUM_THREADS=1 and torch.set_num_threads(1); its BLAS: ${versions.blas ?? "none"}.`,
  ];
  for (const [group, heading] of Object.entries(groups)) {
    const those = results.filter((r) => r.group === group);
    if (those.length === 0) continue;
    lines.push(
      "",
      `${heading}.`,
      "",
      "| op | n | flambeau, us | PyTorch, us | ratio |",
      "|---|---|---:|---:|---:|",
    );
    for (const r of those) lines.push(`| ${cells(r).join(" | ")} |`);
  }
  return writeSection("Eager ops", lines);
}
