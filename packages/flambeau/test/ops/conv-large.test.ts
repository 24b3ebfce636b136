// Convolutions that are large enough for a kernel of their own geometry, against the same in float64.

import * as torch from "flambeau";
import { expect, test } from "vitest";

const F = torch.nn.functional;

interface Case {
  readonly x: number[];
  readonly w: number[];
  readonly options?: Parameters<typeof F.conv2d>[3];
}
const cases: { readonly [name: string]: Case } = {
  "3 x 3": { x: [4, 16, 20, 22], w: [32, 16, 3, 3], options: { padding: 1 } },
  "5 x 5, no padding": { x: [8, 6, 28, 28], w: [16, 6, 5, 5] },
  "strides, dilation": {
    x: [6, 12, 31, 29],
    w: [24, 12, 3, 3],
    options: { stride: [2, 1], dilation: 2, padding: 2 },
  },
  groups: { x: [8, 16, 24, 24], w: [32, 8, 3, 3], options: { groups: 2, padding: 1 } },
  pointwise: { x: [8, 32, 16, 16], w: [64, 32, 1, 1], options: { stride: 2 } },
  unbatched: { x: [16, 40, 40], w: [32, 16, 3, 3] },
};

for (const [name, { x, w, options }] of Object.entries(cases))
  test(`large convolutions: ${name}`, () => {
    torch.manualSeed(1);
    const run = (dtype: "float32" | "float64") => {
      const to = (t: torch.Tensor): torch.AnyTensor => t.to(dtype).detach().requiresGrad_();
      const [a, b, c] = [to(image), to(weight), to(bias)] as [
        torch.AnyTensor,
        torch.AnyTensor,
        torch.AnyTensor,
      ];
      const y = F.conv2d(a, b, c, options) as torch.AnyTensor;
      torch.manualSeed(4);
      y.backward(
        torch
          .randn(y.shape as number[])
          .add(1)
          .to(dtype),
      );
      return [y, a.grad, b.grad, c.grad].map((t) => (t as torch.AnyTensor).to("float64"));
    };
    const [image, weight, bias] = [
      torch.randn(x),
      torch.randn(w),
      torch.randn(w[0] as number),
    ] as torch.Tensor[] as [torch.Tensor, torch.Tensor, torch.Tensor];
    const [got, expected] = [run("float32"), run("float64")];
    got.forEach((t, i) => {
      const e = expected[i] as torch.AnyTensor;
      const worst = t.sub(e).abs().amax().item() as number;
      expect(worst / (e.abs().amax().item() as number)).toBeLessThan(3e-6);
    });
  });

test("large convolutions: one that is not finite stays where it is", () => {
  torch.manualSeed(2);
  const x = torch.randn(4, 16, 20, 22);
  const w = torch.randn(32, 16, 3, 3);
  x.set([0, 0, 5, 5], Number.POSITIVE_INFINITY);
  const y = F.conv2d(x, w, null, { padding: 1 }) as torch.Tensor;
  const finite = y.isfinite().logicalNot().sum().item();
  expect(finite).toBe(9 * 32);
  expect(y.isnan().any().item()).toBe(false);
});

test("large convolutions: the same bits wherever operands lie", () => {
  for (let i = 0; i < 40; i++) torch.zeros(1_000_000);
  torch.manualSeed(3);
  const x = torch.randn(4, 16, 20, 22);
  const w = torch.randn(32, 16, 3, 3);
  const elsewhere = (t: torch.Tensor): torch.Tensor =>
    torch.fromTypedArray(t.toTypedArray() as Float32Array, [...(t.shape as number[])]) as torch.Tensor;
  const y = F.conv2d(x, w) as torch.Tensor;
  expect(y.equal(F.conv2d(elsewhere(x), elsewhere(w)) as torch.Tensor)).toBe(true);
  const part = torch.cat([x, x]).at("4:") as torch.Tensor;
  expect(y.equal(F.conv2d(part, w) as torch.Tensor)).toBe(true);
});
