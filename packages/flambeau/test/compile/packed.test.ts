// Packed sequences in compiled functions: packed and padded inside, as arguments, as results; with lengths that change.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, optim } from "../../src/index.ts";
import { expectSame } from "./same-steps.ts";

type Tensor = torch.AnyTensor;
type Recurrent = nn.RNN | nn.GRU | nn.LSTM;
const { packPaddedSequence, padPackedSequence } = nn.utils.rnn;

const layers: Readonly<Record<string, () => Recurrent>> = {
  "RNN, tanh": () => new nn.RNN(3, 4, { bidirectional: true }) as Recurrent,
  "RNN, relu": () => new nn.RNN(3, 4, { nonlinearity: "relu", bidirectional: true }) as Recurrent,
  "GRU, two layers with dropout": () => new nn.GRU(3, 4, { numLayers: 2, dropout: 0.4 }) as Recurrent,
  "LSTM, both directions": () => new nn.LSTM(3, 4, { bidirectional: true, numLayers: 2 }) as Recurrent,
  "LSTM, projected, without bias": () =>
    new nn.LSTM(3, 4, { projSize: 2, bias: false, bidirectional: true }) as Recurrent,
};

/** A step over padded sequences, which are packed in it: outputs and last states go into the loss. */
function training(make: () => Recurrent, lengths: (call: number) => number[], state = false) {
  return () => {
    const net = make();
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.05 });
    const longest = Math.max(...[0, 1, 2, 3].flatMap(lengths));
    const batch = lengths(0).length;
    const weights = torch.randn(batch, longest, 8);
    const parts = net.numLayers * (net.bidirectional ? 2 : 1);
    const initial = (size: number): Tensor => torch.randn(parts, batch, size);
    const h0 = initial(net.projSize || 4);
    const given = net instanceof nn.LSTM ? [h0, initial(4)] : h0;
    const call = net as unknown as (...args: unknown[]) => [nn.utils.rnn.PackedSequence, Tensor | Tensor[]];
    return {
      step: (x: Tensor, sizes: number[]) => {
        optimizer.zeroGrad();
        const packed = packPaddedSequence(x, sizes, { batchFirst: true, enforceSorted: false });
        const [output, last] = state ? call(packed, given) : call(packed);
        const [padded, back] = padPackedSequence(output, {
          batchFirst: true,
          paddingValue: 0.5,
          totalLength: longest,
        });
        const features: number = padded.shape[2];
        let loss = padded.mul(weights.narrow(2, 0, features)).sum() as Tensor;
        for (const s of [last].flat()) loss = loss.add(s.square().sum());
        loss.backward();
        optimizer.step();
        return [padded.detach(), back, ...[last].flat().map((s) => s.detach())];
      },
      args: (n: number) => [torch.randn(batch, longest, 3), lengths(n)],
      state: () => [...net.parameters()].flatMap((p) => [p, p.grad]),
    };
  };
}

describe.each(Object.entries(layers))("%s", (_, make) => {
  const tolerance = 2e-5;
  test("trains as eagerly, and anew for other lengths", () => {
    const compiled = expectSame(
      training(make, () => [2, 6, 1, 4]),
      { tolerance },
    );
    expect(compiled.programs).toBe(1);
    const two = expectSame(
      training(
        make,
        (call) =>
          [
            [2, 6, 1, 4],
            [5, 1, 1, 3],
          ][call % 2]!,
      ),
      { tolerance, calls: 6 },
    );
    expect(two.programs).toBe(2);
  });
  test("from given states", () => {
    expectSame(
      training(make, () => [5, 5, 3], true),
      { tolerance },
    );
  });
});

test.each([0, 2])("long sequences are a loop of the program; projected to %d features", (projSize) => {
  const compiled = expectSame(
    training(
      () => new nn.LSTM(3, 4, { bidirectional: true, projSize }) as Recurrent,
      () => [90, 41, 3],
      true,
    ),
    { tolerance: 5e-5 },
  );
  const text = compiled.explain();
  expect(text).toContain("90 times");
  expect(text.split("\n").length).toBeLessThan(800);
});

test("as arguments and results, and from outside", () => {
  const outside = packPaddedSequence(torch.randn(4, 2, 3), [4, 2]);
  const compiled = expectSame(() => {
    const net = new nn.GRU(3, 4);
    const inner = new nn.GRU(4, 2, { bidirectional: true });
    return {
      step: (packed: nn.utils.rnn.PackedSequence) => {
        const [y] = net(packed);
        return { y: inner(y)[0], fixed: net(outside)[0], same: packed };
      },
      args: (call) => [
        packPaddedSequence(torch.randn(5, 3, 3), call < 3 ? [2, 5, 4] : [5, 1, 1], { enforceSorted: false }),
      ],
      state: () => [],
    };
  });
  expect(compiled.programs).toBe(2);
  const args = packPaddedSequence(torch.ones(5, 3, 3), [2, 5, 4], { enforceSorted: false });
  const { y } = compiled(args) as { y: nn.utils.rnn.PackedSequence };
  expect(y).toBeInstanceOf(nn.utils.rnn.PackedSequence);
  expect(padPackedSequence(y)[1].tolist()).toEqual([2, 5, 4]);
  expect(compiled.programs).toBe(2);
});

test("lengths in a tensor are refused, and the message says what to do", () => {
  const f = torch.compile((x: Tensor, lengths: Tensor) => packPaddedSequence(x, lengths).data);
  const [x, lengths] = [torch.ones(3, 2, 1), torch.tensor([3, 1])];
  f(x, lengths);
  expect(() => f(x, lengths)).toThrow(torch.CompileError);
  expect(() => f(x, lengths)).toThrow(
    /packPaddedSequence: .* Give them as numbers, step\(x, lengths\.tolist\(\)\).* \(called at .*packed\.test\.ts:\d+/,
  );
});
