// gradcheck and gradgradcheck: that they find what is wrong, and say where.

import { describe, expect, test, vi } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
type Context = torch.autograd.Context;
const { gradcheck, gradgradcheck } = torch.autograd;
const rand = (...shape: number[]): Tensor => torch.rand(shape, { dtype: "float64", requiresGrad: true });

/** x^2 with a gradient that is wrong for the second element. */
class Wrong extends torch.autograd.Function {
  static override forward(ctx: Context, x: Tensor): Tensor {
    ctx.saveForBackward(x);
    return x.square();
  }
  static override backward(ctx: Context, g: Tensor): Tensor {
    return g.mul(ctx.savedTensors[0]!).mul(torch.tensor([2, 3], { dtype: "float64" }));
  }
}

describe("gradcheck", () => {
  test("passes what is right", () => {
    expect(gradcheck((x: Tensor) => x.square(), rand(3))).toBe(true);
    expect(gradcheck((x: Tensor, w: Tensor) => [x.matmul(w), x.sum()], [rand(2, 3), rand(3, 2)])).toBe(true);
    expect(gradcheck((x: Tensor) => x.mul(2), rand(2, 3).t().detach().requiresGrad_())).toBe(true);
    expect(gradcheck((x: Tensor) => x.sum(), rand(0, 3))).toBe(true);
  });

  test("names result, input, element and both gradients", () => {
    const x: Tensor = torch.tensor([1, 2], { dtype: "float64", requiresGrad: true });
    const run = (): boolean => gradcheck((_: Tensor, t: Tensor) => [t.mul(2), Wrong.apply(t)], [rand(1), x]);
    expect(run).toThrow(torch.autograd.GradcheckError);
    expect(run).toThrow("Jacobian mismatch for output 1 with respect to input 1 (shapes [2], [2])");
    expect(run).toThrow(/d output\[1\] \/ d input\[1\]: analytic 6, numeric (?:4\.0|3\.9)/);
    expect(gradcheck((t: Tensor) => Wrong.apply(t), x, { raiseException: false })).toBe(false);
    expect(x.tolist()).toEqual([1, 2]);
  });

  test("a result that does not depend, and one that does behind the graph's back", () => {
    const x = rand(2);
    expect(gradcheck((t: Tensor) => [t.mul(1), torch.ones([2], { dtype: "float64" })], x)).toBe(true);
    expect(() => gradcheck((t: Tensor) => [t.mul(1), t.detach().mul(3)], x)).toThrow("analytic 0, numeric 3");
    expect(gradcheck((t: Tensor) => [t.mul(1), t.argmax()], x)).toBe(true);
  });

  test("what is refused", () => {
    expect(() => gradcheck((x: Tensor) => x, torch.ones([1], { dtype: "float64" }))).toThrow(
      "at least one input tensor to require gradient",
    );
    expect(() => gradcheck((x: Tensor) => x, rand(1).detach().expand(3).requiresGrad_())).toThrow(
      "dimension with stride 0",
    );
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    gradcheck((x: Tensor) => x.mul(2), torch.ones(1, { requiresGrad: true }), { eps: 1e-2 });
    expect(warn.mock.calls[0]![0]).toContain("is not a double precision floating point");
    warn.mockRestore();
  });
});

describe("gradgradcheck", () => {
  test("passes what is right, with and without upstream gradients", () => {
    expect(gradgradcheck((x: Tensor) => x.pow(3), rand(3))).toBe(true);
    expect(gradgradcheck((x: Tensor) => x.pow(3), rand(3), { gradOutputs: rand(3) })).toBe(true);
  });

  test("finds a gradient that is not differentiable as it should be", () => {
    class Cut extends torch.autograd.Function {
      static override forward(ctx: Context, x: Tensor): Tensor {
        ctx.saveForBackward(x);
        return x.square();
      }
      static override backward(ctx: Context, g: Tensor): Tensor {
        return g.mul(ctx.savedTensors[0]!.detach()).mul(2);
      }
    }
    const x = rand(2);
    expect(gradcheck((t: Tensor) => Cut.apply(t), x)).toBe(true);
    expect(() => gradgradcheck((t: Tensor) => Cut.apply(t), x)).toThrow("Jacobian mismatch");
  });

  test("does not draw from the default generator", () => {
    torch.manualSeed(0);
    const [x] = [rand(2)];
    const state = torch.getRngState().tolist();
    gradgradcheck((t: Tensor) => t.square(), x);
    expect(torch.getRngState().tolist()).toEqual(state);
  });
});
