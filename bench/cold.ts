// `npm run bench -- cold`: from the start of a process to the first training step done, with the built package.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { median } from "./side.ts";

const ROUNDS = 15;
const built = fileURLToPath(new URL("../packages/flambeau/dist/index.js", import.meta.url));

const program = `
import * as torch from ${JSON.stringify(built)};
const { nn, optim } = torch;
const net = new nn.Sequential(new nn.Linear(200, 1));
const trainer = new optim.SGD(net.parameters(), { lr: 0.003 });
const l = new nn.MSELoss()(net(torch.randn(5, 200)), torch.randn(5, 1));
l.backward();
trainer.step();
console.log(process.uptime() * 1000);`;

const start = (source: string): number =>
  Number(execFileSync(process.execPath, ["--input-type=module", "-e", source], { encoding: "utf8" }));

/** Starts processes one after the other and takes the median of what they report. */
export function benchCold(json: boolean): void {
  if (!existsSync(built)) throw new Error("the package is not built: run `npm run build` first");
  const ms: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(start("console.log(process.uptime() * 1000)"));
    ms.push(start(program));
  }
  const result = { bench: "cold", ms: { firstStep: median(ms), node: median(bare) }, rounds: ROUNDS };
  if (json) console.log(JSON.stringify(result));
  else
    console.log(
      `first training step ${result.ms.firstStep.toFixed(0)} ms after the start of the process (Node alone ${result.ms.node.toFixed(0)} ms)`,
    );
}
