// `npm run bench -- lesson`: the lesson's four runs, eager, beside PyTorch on the same machine, taking turns.

import { fileURLToPath } from "node:url";
import { median, Side, startTorch } from "../side.ts";

/** Turns before the counted ones. */
const warmUp = 4;
/** Our runs in a turn: they are short, and a turn should last about as long on either side. */
const repeats = 5;
const STEPS = 4 * 100 * 4; // runs x epochs x batches
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

interface Answer {
  seconds: number;
  norms: number[];
}

/** Largest relative difference of two lists of norms. */
const difference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? Number.NaN)) / Math.abs(b[i] ?? Number.NaN)));

/** Runs the comparison: `rounds` turns of each side, after some in which both warm up. */
export async function benchLesson(json: boolean, rounds = 15): Promise<void> {
  const ours = new Side("flambeau", process.execPath, [here("flambeau_lesson.ts")]);
  const { node } = (await ours.read()) as { node: string };
  const torch = await startTorch(here("torch_lesson.py"));
  if (!torch && !json)
    console.error("no python3 with torch found (Debian: apt-get install python3-torch): our side only");
  const times = { ours: [] as number[], torch: [] as number[] };
  let apart = 0;
  for (let round = -warmUp; round < rounds; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1} of ${rounds} `);
    const seed = String(42 + round);
    const runs: Answer[] = [];
    for (let i = 0; i < repeats; i++) runs.push((await ours.ask(seed)) as Answer);
    const mine = {
      seconds: runs.reduce((sum, run) => sum + run.seconds, 0) / repeats,
      norms: runs[0]!.norms,
    };
    const theirs = torch && ((await torch.side.ask(seed)) as Answer);
    if (theirs) apart = Math.max(apart, difference(mine.norms, theirs.norms));
    if (round < 0) continue;
    times.ours.push((mine.seconds / STEPS) * 1e6);
    if (theirs) times.torch.push((theirs.seconds / STEPS) * 1e6);
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  ours.close();
  torch?.side.close();
  const us = { eager1: median(times.ours), ...(torch ? { torch1: median(times.torch) } : {}) };
  const ratio = torch
    ? { "torch1/eager1": median(times.torch.map((t, i) => t / (times.ours[i] ?? Number.NaN))) }
    : {};
  if (json) {
    console.log(
      JSON.stringify({
        bench: "lesson",
        us,
        ratio,
        node,
        torch: torch?.version ?? null,
        rounds,
        normsDiffer: apart,
      }),
    );
    return;
  }
  console.log(
    `lesson: four runs of 100 epochs, losses included; us a training step, median of ${rounds} turns, one thread`,
  );
  console.log(`  flambeau, eager   ${us.eager1.toFixed(1).padStart(8)}   (Node ${node})`);
  if (!torch) return;
  console.log(`  PyTorch           ${(us.torch1 ?? 0).toFixed(1).padStart(8)}   (${torch.version})`);
  console.log(
    `  ratio             ${(ratio["torch1/eager1"] ?? 0).toFixed(1).padStart(8)}   median of the turns' ratios`,
  );
  console.log(`  norms differ by at most ${apart.toExponential(1)} relative over ${rounds + warmUp} seeds`);
}
