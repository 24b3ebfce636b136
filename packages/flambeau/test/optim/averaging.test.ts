// Averages of weights against PyTorch's (fixtures/averaging.json, written by fixtures/averaging.py).

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { nn, optim } = torch;
const { AveragedModel, getEmaAvgFn, updateBn } = optim.swaUtils;
const recorded = JSON.parse(
  readFileSync(new URL("./fixtures/averaging.json", import.meta.url), "utf8"),
) as Record<string, unknown>;

function close(a: unknown, b: unknown): void {
  if (Array.isArray(b)) {
    expect((a as unknown[]).length).toBe(b.length);
    b.forEach((y, i) => {
      close((a as unknown[])[i], y);
    });
  } else if (b === null) expect(a).toBe(null);
  else expect(Math.abs(Number(a) - (b as number))).toBeLessThanOrEqual(2e-6 + 2e-5 * Math.abs(b as number));
}
const flat = (m: torch.nn.Module): unknown => [...m.parameters()].map((p) => p.flatten().tolist());

test("means and moving averages, and the statistics of batch normalisation", () => {
  torch.manualSeed(2);
  const net = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 1));
  const swa = new AveragedModel(net);
  const ema = new AveragedModel(net, { avgFn: getEmaAvgFn(0.9), useBuffers: true });
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
  const X: Tensor = torch.arange(24, { dtype: "float32" }).view(8, 3).sin();
  const y: Tensor = X.sum(1, { keepdim: true });
  for (let i = 0; i < 4; i++) {
    optimizer.zeroGrad();
    net(X).sub(y).square().mean().backward();
    optimizer.step();
    swa.updateParameters(net);
    ema.updateParameters(net);
  }
  expect(Object.keys(swa.stateDict()).sort()).toEqual([...(recorded["keys"] as string[])].sort());
  expect(Number(swa.nAveraged.item())).toBe(recorded["n"]);
  close(flat(swa), recorded["swa"]);
  close(flat(ema), recorded["ema"]);
  close(ema.module[1].runningMean!.tolist(), recorded["emaMean"]);
  const bn = swa.module[1];
  swa.eval();
  updateBn(
    [
      [X.narrow(0, 0, 5), y],
      [X.narrow(0, 5, 3), y],
    ],
    swa,
  );
  close(
    [bn.runningMean!.tolist(), bn.runningVar!.tolist(), bn.numBatchesTracked!.item(), bn.momentum],
    recorded["bn"],
  );
  expect(swa.training || bn.training).toBe(false);
  expect(swa(X).shape).toEqual([8, 1]);
});

test("buffers are copied unless they are averaged", () => {
  const net = new nn.BatchNorm1d(2);
  const swa = new AveragedModel(net);
  for (const mean of [2, 4]) {
    net.runningMean!.fill_(mean);
    swa.updateParameters(net);
  }
  expect(swa.module.runningMean!.tolist()).toEqual([4, 4]);
});

test("what is refused", () => {
  expect(() => getEmaAvgFn(1.5)).toThrow("Invalid decay value 1.5");
  const swa = new AveragedModel<torch.nn.Module>(new nn.Linear(2, 2));
  expect(() => swa.updateParameters(new nn.Linear(2, 2, { bias: false }))).toThrow("1 tensors");
});
