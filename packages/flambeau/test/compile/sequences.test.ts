// Recurrent layers in compiled functions: loops over the times.

import * as torch from "flambeau";
import { nn, optim } from "flambeau";
import { expect, test } from "vitest";

const length = 210;

const layers: { readonly [kind: string]: () => nn.Module } = {
  RNN: () => new nn.RNN(3, 5, { bidirectional: true }),
  LSTM: () => new nn.LSTM(3, 5, { bidirectional: true }),
  GRU: () => new nn.GRU(3, 5, { bidirectional: true }),
  "LSTM with projection": () => new nn.LSTM(3, 8, { projSize: 5, bidirectional: true }),
};

for (const [kind, makeLayer] of Object.entries(layers))
  test(`${kind}: a sequence is a loop of the program, and trains as eagerly`, () => {
    const make = () => {
      torch.manualSeed(3);
      const layer = makeLayer();
      const head = new nn.Linear(10, 2);
      const params = [...layer.parameters(), ...head.parameters()];
      const trainer = new optim.Adam(params, { lr: 0.01 });
      const step = (x: torch.Tensor, y: torch.Tensor): torch.AnyTensor => {
        trainer.zeroGrad();
        const loss = nn.functional.mseLoss(head((layer as nn.GRU)(x)[0]), y) as torch.AnyTensor;
        loss.backward();
        trainer.step();
        return loss;
      };
      return { params, step };
    };
    const [eager, compiled] = [make(), make()];
    const step = torch.compile(compiled.step);
    const [x, y] = [torch.randn(length, 4, 3), torch.randn(length, 4, 2)] as [torch.Tensor, torch.Tensor];
    for (let i = 0; i < 4; i++) expect(step(x, y).item()).toBeCloseTo(eager.step(x, y).item() as number, 5);
    compiled.params.forEach((p, i) => {
      expect(p.sub(eager.params[i]!).abs().amax().item()).toBeLessThan(2e-5);
    });
    expect(step.programs).toBe(1);
    const text = step.explain();
    expect(text).toContain(`${length} times`);
    // However long: a program of one step for each time would have thousands of lines.
    expect(text.split("\n").length).toBeLessThan(800);
  });
