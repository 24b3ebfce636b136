// A training run that saves as it goes, to be killed: `node train.ts FOLDER STEPS MODE EVERY`. Goes on from the folder's newest checkpoint;
// at the end it prints the bits of all that it has learned.

import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import * as torch from "../../../src/index.ts";
import { nn, optim } from "../../../src/index.ts";

/** Prints a line at once: the process may be killed at any moment. */
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};
const [folder, steps, mode, every] = process.argv.slice(2) as [string, string, "eager" | "compiled", string];
torch.manualSeed(1);
const net = new nn.Sequential(
  new nn.Linear(8, 16),
  new nn.BatchNorm1d(16),
  new nn.ReLU(),
  new nn.Dropout(0.3),
  new nn.Linear(16, 1),
);
const trainer = new optim.Adam(net.parameters(), { lr: 0.01 });
const scheduler = new optim.lrScheduler.CosineAnnealingLR(trainer, 7);
const X = torch.randn(41, 8);
const y = X.sum(1, { keepdim: true }).tanh();
const loader = new torch.data.DataLoader(new torch.data.TensorDataset(X, y), { batchSize: 6, shuffle: true });
const loss = new nn.MSELoss();
const train = (x: torch.Tensor, wanted: torch.Tensor): torch.AnyTensor => {
  trainer.zeroGrad();
  const l = loss(net(x) as torch.Tensor, wanted);
  l.backward();
  trainer.step();
  return l;
};
const step = mode === "compiled" ? torch.compile(train) : train;

const start = { net, trainer, scheduler, loader, epoch: 0, done: 0, losses: [] as number[] };
let { epoch, done, losses } = (await torch.loadCheckpoint(folder, start)) ?? start;
say(`from ${done}`);
for (; done < Number(steps); epoch++) {
  for (const [xs, ys] of loader) {
    losses = [...losses.slice(-20), step(xs as torch.Tensor, ys as torch.Tensor).item() as number];
    done++;
    say(`step ${done}`);
    if (done % Number(every) === 0)
      await torch.saveCheckpoint(
        folder,
        { net, trainer, scheduler, loader, epoch, done, losses },
        { keepLast: 2 },
      );
    if (done >= Number(steps)) break;
  }
  scheduler.step();
}

const hash = createHash("sha256");
const add = (x: unknown): void => {
  if (torch.isTensor(x)) hash.update(x.toTypedArray());
  else hash.update(JSON.stringify(x));
};
for (const x of Object.values(net.stateDict())) add(x);
for (const entry of Object.values(trainer.stateDict().state)) for (const x of Object.values(entry)) add(x);
add(scheduler.stateDict());
add(torch.rand(3));
add(losses);
say(`end ${done} ${epoch} ${hash.digest("hex")}`);
