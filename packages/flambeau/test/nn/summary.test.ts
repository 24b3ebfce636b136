// nn.summary: shapes, parameters and operations of every module.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { nn } = torch;

const lenet = (): torch.nn.Module =>
  new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.BatchNorm2d(6),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.Flatten(),
    new nn.Linear(16 * 10 * 10, 10),
  );

describe("summary", () => {
  test("of a convolutional network", () => {
    const net = lenet();
    const s = nn.summary(net, [2, 1, 28, 28]);
    const of = (path: string): torch.nn.SummaryRow => s.rows.find((r) => r.path === path)!;
    expect(of("0").output).toEqual([[2, 6, 28, 28]]);
    expect(of("0").parameters).toBe(6 * 25 + 6);
    expect(of("0").flops).toBe(2 * (2 * 6 * 28 * 28) * 25);
    expect(of("3").flops).toBe(2 * (2 * 16 * 10 * 10) * 6 * 25);
    expect(of("5").flops).toBe(2 * 2 * 1600 * 10);
    expect(of("").flops).toBe(s.flops);
    expect(s.flops).toBe(of("0").flops + of("3").flops + of("5").flops);
    expect(s.parameters).toBe(156 + 12 + (16 * 6 * 25 + 16) + 16010);
    expect(of("2").parameters).toBe(0);
  });
  test("leaves modes and running statistics alone", () => {
    const net = lenet();
    const before = JSON.stringify(Object.values(net.stateDict()).map((t) => t.tolist()));
    nn.summary(net, torch.ones(2, 1, 28, 28));
    expect([...net.modules()].every((m) => m.training)).toBe(true);
    expect(JSON.stringify(Object.values(net.stateDict()).map((t) => t.tolist()))).toBe(before);
    expect(() => nn.summary(net, [2, 3, 28, 28])).toThrow("Conv2d");
    expect([...net.modules()].every((m) => m.training)).toBe(true);
  });
  test("of modules that are called twice, or never", () => {
    class Net extends nn.Module {
      shared = new nn.Linear(4, 4, { bias: false });
      unused = new nn.Linear(3, 3);
      override forward(x: Tensor, y: Tensor): [Tensor, Tensor] {
        return [this.shared(x), this.shared(y)];
      }
    }
    const net = new Net();
    for (const p of net.unused.parameters()) p.requiresGrad_(false);
    const s = nn.summary(net, [torch.ones(1, 4), torch.ones(5, 4)]);
    expect(s.rows.map((r) => [r.path, r.output, r.flops])).toEqual([
      [
        "",
        [
          [1, 4],
          [5, 4],
        ],
        192,
      ],
      ["shared", [[5, 4]], 192],
      ["unused", [], 0],
    ]);
    expect([s.parameters, s.trainable]).toEqual([28, 16]);
    expect(String(s)).toBe(
      [
        "module             output          parameters  FLOPs",
        "----------------------------------------------------",
        "Net                [1, 4], [5, 4]                192",
        "  shared (Linear)  [5, 4]                  16    192",
        "  unused (Linear)  not called              12",
        "----------------------------------------------------",
        "parameters: 28 (12 frozen), 112 B with buffers; FLOPs: 192",
      ].join("\n"),
    );
  });
  test("refuses what is no input", () => {
    expect(() => nn.summary(lenet(), [])).toThrow(torch.ValueError);
  });
});

test("countFlops counts gradients too", () => {
  const [a, b] = [torch.ones(2, 3, { requiresGrad: true }), torch.ones(3, 4, { requiresGrad: true })];
  const { result, flops } = torch.utils.countFlops(() => a.matmul(b).sum());
  expect(flops).toBe(48);
  expect(torch.utils.countFlops(() => result.backward()).flops).toBe(96);
});
