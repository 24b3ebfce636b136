// `npm run bench -- memory [--compiled]`: resident memory over a million training steps of the lesson, in one synchronous loop.

import * as d2l from "@flambeau/d2l";
import * as torch from "flambeau";

const STEPS = 1_000_000;
const marks = [1_000, 10_000, 100_000, 250_000, 500_000, 750_000, 1_000_000];

/** Runs the steps and prints resident memory on the way; nothing here waits, so nothing is ever freed by hand. */
export function benchMemory(json: boolean, compiled: boolean): void {
  torch.manualSeed(42);
  const X = torch.normal(0, 1, [5, 200]);
  const y = torch.normal(0, 1, [5, 1]);
  const w = torch.normal(0, 1, [200, 1], { requiresGrad: true });
  const b = torch.zeros(1, { requiresGrad: true });
  const resident: { step: number; mb: number }[] = [];
  const plain = (): torch.AnyTensor => {
    const penalty = torch.sum(w.pow(2)).div(2);
    const l = d2l.squaredLoss(d2l.linreg(X, w, b), y).add(penalty.mul(3));
    l.sum().backward();
    d2l.sgd([w, b], 0.003, 5);
    return l;
  };
  const run = compiled ? torch.compile(plain) : plain;
  for (let step = 1; step <= STEPS; step++) {
    run();
    if (!marks.includes(step)) continue;
    resident.push({ step, mb: Math.round(process.memoryUsage().rss / 2 ** 20) });
    if (!json)
      console.log(
        `${String(step).padStart(9)} steps  ${String(resident.at(-1)?.mb).padStart(5)} MB resident`,
      );
  }
  if (json) console.log(JSON.stringify({ bench: "memory", compiled, resident }));
}
