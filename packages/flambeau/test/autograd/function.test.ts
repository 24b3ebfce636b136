// autograd.Function: gradients written by the user.

import { describe, expect, expectTypeOf, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
type Context = torch.autograd.Context;
const { autograd } = torch;

const leaf = (...values: number[]): Tensor => torch.tensor(values, { dtype: "float64", requiresGrad: true });
const values = (t: Tensor | null): unknown => t?.tolist() ?? null;

class Exp extends autograd.Function {
  static override forward(ctx: Context, x: Tensor): Tensor {
    const y = x.exp();
    ctx.saveForBackward(y);
    return y;
  }
  static override backward(ctx: Context, g: Tensor): Tensor {
    const [y] = ctx.savedTensors;
    return g.mul(y!);
  }
}

class ScaledProduct extends autograd.Function {
  static override forward(ctx: Context, a: Tensor, b: Tensor, scale: number): Tensor {
    ctx.saveForBackward(a, b);
    ctx["scale"] = scale;
    return a.mul(b).mul(scale);
  }
  static override backward(ctx: Context, g: Tensor): (Tensor | null)[] {
    const [a, b] = ctx.savedTensors as [Tensor, Tensor];
    const [da, db] = ctx.needsInputGrad;
    const scaled = g.mul(ctx["scale"]);
    return [da ? scaled.mul(b) : null, db ? scaled.mul(a) : null, null];
  }
}

class SumAndDifference extends autograd.Function {
  static override forward(ctx: Context, a: Tensor, b: Tensor): [Tensor, Tensor] {
    ctx.setMaterializeGrads(ctx["materialize"] ?? true);
    return [a.add(b), a.sub(b)];
  }
  static override backward(_ctx: Context, g: Tensor, h: Tensor): [Tensor, Tensor] {
    return [g.add(h), g.sub(h)];
  }
}

describe("autograd.Function", () => {
  test("forward, backward, and derivatives of higher order", () => {
    const x = leaf(0.5, -1);
    const y = Exp.apply(x);
    expectTypeOf(y).toEqualTypeOf<Tensor>();
    expect(y.gradFn!.name).toBe("ExpBackward");
    expect([y.requiresGrad, y.isLeaf]).toEqual([true, false]);
    expect(autograd.gradcheck((t: Tensor) => Exp.apply(t), [x])).toBe(true);
    expect(autograd.gradgradcheck((t: Tensor) => Exp.apply(t).square(), [x])).toBe(true);
    Exp.apply(x).sum().backward();
    expect(values(x.grad)).toEqual(values(x.detach().exp()));
  });

  test("several inputs, of which some are no tensors", () => {
    const [a, b] = [leaf(1, 2), leaf(3, 4)];
    ScaledProduct.apply(a, b, 10).sum().backward();
    expect([values(a.grad), values(b.grad)]).toEqual([
      [30, 40],
      [10, 20],
    ]);
    const c = torch.tensor([1, 1], { dtype: "float64" });
    ScaledProduct.apply(c, b, 1).sum().backward();
    expect([values(c.grad), values(b.grad)]).toEqual([null, [11, 21]]);
    expect(autograd.gradcheck((p: Tensor, q: Tensor) => ScaledProduct.apply(p, q, 3), [a, b])).toBe(true);
  });

  test("several results; no gradient into one is zeros", () => {
    const [a, b] = [leaf(1), leaf(2)];
    const [sum, difference] = SumAndDifference.apply(a, b);
    expectTypeOf(sum).toEqualTypeOf<Tensor>();
    difference.backward(null, { retainGraph: true });
    expect([values(a.grad), values(b.grad)]).toEqual([[1], [-1]]);
    sum.mul(difference).backward();
    expect([values(a.grad), values(b.grad)]).toEqual([[1 + 2], [-1 - 4]]);
  });

  test("setMaterializeGrads(false) gives null", () => {
    const seen: unknown[] = [];
    class Two extends autograd.Function {
      static override forward(ctx: Context, x: Tensor): Tensor[] {
        ctx.setMaterializeGrads(false);
        return [x.mul(1), x.mul(2)];
      }
      static override backward(_ctx: Context, g: Tensor | null, h: Tensor | null): Tensor | null {
        seen.push(g, h === null ? null : h.item());
        return h;
      }
    }
    Two.apply(leaf(1))[1]!.backward();
    expect(seen).toEqual([null, 1]);
  });

  test("markNonDifferentiable, and integer results", () => {
    class Sorted extends autograd.Function {
      static override forward(ctx: Context, x: Tensor): Tensor[] {
        const positive = x.gt(0).to("float64");
        const index = x.argmax();
        ctx.markNonDifferentiable(positive);
        return [x.mul(2), positive, index];
      }
      static override backward(_ctx: Context, g: Tensor): Tensor {
        return g.mul(2);
      }
    }
    const [y, positive, index] = Sorted.apply(leaf(-1, 2)) as [Tensor, Tensor, Tensor];
    expect([y.requiresGrad, positive.requiresGrad, index.requiresGrad]).toEqual([true, false, false]);
  });

  test("an argument returned as it is", () => {
    class Reverse extends autograd.Function {
      static override forward(_ctx: Context, x: Tensor): Tensor {
        return x;
      }
      static override backward(_ctx: Context, g: Tensor): Tensor {
        return g.neg();
      }
    }
    const x = leaf(1, 2);
    const y = Reverse.apply(x);
    expect([x.isLeaf, y === x]).toEqual([true, false]);
    y.sum().backward();
    expect(values(x.grad)).toEqual([-1, -1]);
  });

  test("markDirty: an argument changed in place", () => {
    class Double_ extends autograd.Function {
      static override forward(ctx: Context, x: Tensor): Tensor {
        x.mul_(2);
        ctx.markDirty(x);
        return x;
      }
      static override backward(_ctx: Context, g: Tensor): Tensor {
        return g.mul(2);
      }
    }
    const x = leaf(1, 2);
    const y = x.mul(3);
    const z = Double_.apply(y);
    expect(z === y).toBe(true);
    z.sum().backward();
    expect([values(z), values(x.grad)]).toEqual([
      [6, 12],
      [6, 6],
    ]);
    expect(() => Double_.apply(leaf(1))).toThrow(
      "a leaf Variable that requires grad is being used in an in-place operation",
    );
    const needed = x.mul(3);
    const used = needed.square();
    Double_.apply(needed);
    expect(() => used.sum().backward()).toThrow("modified by an inplace operation");
  });

  test("without gradients nothing is recorded", () => {
    expect(Exp.apply(leaf(1).detach()).requiresGrad).toBe(false);
    expect(torch.noGrad(() => Exp.apply(leaf(1))).requiresGrad).toBe(false);
  });

  test("saved tensors are checked for changes, and freed", () => {
    const x = leaf(1);
    const y = Exp.apply(x);
    y.mul_(2);
    expect(() => y.sum().backward()).toThrow(/modified by an inplace operation.*needed by ExpBackward/);
    const z = Exp.apply(x);
    z.backward();
    expect(() => z.backward()).toThrow("Trying to backward through the graph a second time");
  });

  test("a gradient that is a saved tensor is not handed to the leaf", () => {
    const w = torch.tensor([3, 4], { dtype: "float64" });
    class Dot extends autograd.Function {
      static override forward(_ctx: Context, x: Tensor): Tensor {
        return x.mul(w).sum();
      }
      static override backward(): Tensor {
        return w;
      }
    }
    const x = leaf(1, 2);
    Dot.apply(x).backward();
    x.grad!.zero_();
    expect(values(w)).toEqual([3, 4]);
  });

  test("gradients are fitted: broadcasting undone, dtype converted", () => {
    class Expanded extends autograd.Function {
      static override forward(_ctx: Context, x: Tensor): Tensor {
        return x.expand(3, 2).clone();
      }
      static override backward(_ctx: Context, g: Tensor): Tensor {
        return g.to("float32");
      }
    }
    const x = leaf(1, 2);
    Expanded.apply(x).sum().backward();
    expect([x.grad!.dtype, values(x.grad)]).toEqual(["float64", [3, 3]]);
  });

  test("what backward may not return", () => {
    const returning = (result: unknown): (() => void) => {
      class Bad extends autograd.Function {
        static override forward(_ctx: Context, x: Tensor, _k: number): Tensor {
          return x.mul(2);
        }
        static override backward(): unknown {
          return result;
        }
      }
      return () => Bad.apply(leaf(1, 2), 3).sum().backward();
    };
    const g = torch.ones([2], { dtype: "float64" });
    expect(returning(g)).toThrow(
      "function BadBackward returned an incorrect number of gradients (expected 2, got 1)",
    );
    expect(returning([g, null, g])).toThrow("incorrect number of gradients (expected 2, got 3)");
    expect(returning([g, null, null])).not.toThrow();
    expect(returning([g, g])).toThrow("returned a gradient different from null at position 2");
    expect(returning([torch.ones(3), null])).toThrow(
      "Function BadBackward returned an invalid gradient at index 0 - got [3] but expected shape compatible with [2]",
    );
    expect(returning([7, null])).toThrow("not a Tensor at position 1");
  });

  test("forward and backward must be there", () => {
    class Nothing extends autograd.Function {}
    expect(() => Nothing.apply(leaf(1))).toThrow(
      "You must implement the forward function for custom autograd.Function.",
    );
    class Half extends autograd.Function {
      static override forward(_ctx: Context, x: Tensor): Tensor {
        return x.mul(1);
      }
    }
    expect(() => Half.apply(leaf(1)).backward()).toThrow(torch.NotImplementedError);
  });
});
