// Differentiation against PyTorch: numbers from fixtures/autograd.json, rules and errors in its words.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { autograd, noGrad, enableGrad } = torch;

const recorded: Record<string, unknown> = JSON.parse(
  readFileSync(new URL("fixtures/autograd.json", import.meta.url), "utf8"),
);

const leaf = (...values: number[]): Tensor =>
  torch.tensor(values.length === 1 ? values[0]! : values, { dtype: "float64", requiresGrad: true });
const leaf1 = (...values: number[]): Tensor => torch.tensor(values, { dtype: "float64", requiresGrad: true });
const zeros = (...shape: number[]): Tensor => torch.zeros(shape, { dtype: "float64" });
const grad = (x: Tensor): Tensor => x.grad as Tensor;

/** What a program returns, against what PyTorch's returned. */
function expectRecorded(name: string, ...results: unknown[]): void {
  const got = results.map((v) => (torch.isTensor(v) ? v.tolist() : v));
  const wanted = recorded[name] as unknown[];
  const flat = (v: unknown): unknown[] => [v].flat(Infinity);
  const [a, b] = [flat(got), flat(wanted)];
  expect(a.length).toBe(b.length);
  a.forEach((v, i) => {
    const ref = b[i];
    if (typeof ref === "number")
      expect(Math.abs((v as number) - ref), `${name}: ${v} and ${ref}`).toBeLessThanOrEqual(
        1e-14 * Math.abs(ref),
      );
    else expect(v).toBe(ref);
  });
}

describe("numbers of PyTorch", () => {
  test("gradients of several passes are added", () => {
    const x = leaf1(1, 2);
    x.mul(x).sum().backward();
    x.mul(3).sum().backward();
    expectRecorded("accumulation", x.grad);
  });

  test("a tensor that is used several times counts each time, once", () => {
    const x = leaf1(1.5, -2);
    const a = x.exp();
    const b = a.mul(a).add(a);
    b.mul(a).add(b.mul(b)).sum().backward();
    expectRecorded("diamonds", x.grad);
    const z = leaf1(1);
    let y = z;
    for (let i = 0; i < 20; i++) y = y.add(y);
    y.backward();
    expectRecorded("diamond_chain", z.grad);
  });

  test("in-place chains", () => {
    const x = leaf1(0.5, 2);
    const y = x.mul(2);
    y.mul_(x).add_(x).pow_(2).sub_(x, { alpha: 3 });
    y.exp_();
    y.sum().backward();
    expectRecorded("in_place_chain", y, x.grad);
  });

  test("in place on a view: its base has the history", () => {
    const x = leaf1(1, 2, 3, 4);
    const base = x.mul(1);
    const view = base.narrow(0, 1, 2);
    view.mul_(x.narrow(0, 0, 2));
    expect(base.gradFn!.name).toBe("CopySlices");
    expect(view.gradFn!.name).toBe("AsStridedBackward0");
    base.square().sum().backward();
    expectRecorded("in_place_on_view", base, x.grad);
  });

  test("in place on a view: other views see it", () => {
    const x = leaf1(1, 2, 3, 4);
    const base = x.mul(1);
    const first = base.narrow(0, 0, 2);
    const both = base.view(2, 2);
    first.mul_(10);
    both.mul(both).sum().backward();
    expectRecorded("other_views_see_it", both, x.grad);
  });

  test("views of views", () => {
    const x = leaf1(1, 2, 3, 4, 5, 6);
    const base = x.clone() as Tensor;
    const view = base.view(2, 3).t().narrow(0, 1, 2).select(1, 0);
    view.mul_(3);
    base.set(0, 7);
    view.add_(x.narrow(0, 0, 2));
    base.mul(base).sum().backward();
    expectRecorded("views_of_views", base, x.grad);
  });

  test("a view whose base was changed", () => {
    const x = leaf1(1, 2, 3);
    const base = x.mul(2);
    const view = base.narrow(0, 1, 2);
    base.mul_(x);
    view.sum().backward();
    expectRecorded("view_changed_through_base", view, x.grad);
  });

  test("written into a tensor without gradient", () => {
    const x = leaf1(1, 2);
    const y = zeros(2, 2);
    y.set(0, x);
    y.set(1, x.mul(x));
    y.set("1, 0", 5);
    expect(y.requiresGrad).toBe(true);
    y.mul(y).sum().backward();
    expectRecorded("copied_into_zeros", y, x.grad);
  });

  test("a column set from a tensor of one element", () => {
    const x = leaf1(1, 2, 3, 4);
    const w = leaf1(3);
    const y = x.mul(x).view(2, 2);
    y.set(":, 0", w);
    y.mul(y).sum().backward();
    expectRecorded("filled_column", y, x.grad, w.grad);
  });

  test("derivatives of higher order", () => {
    const x = leaf1(0.3, -1.2);
    const [g] = autograd.grad(x.sin().mul(x.exp()).sum(), x, { createGraph: true });
    const [h] = autograd.grad(g!.sum(), x, { createGraph: true });
    const [k] = autograd.grad(h!.sum(), x);
    expectRecorded("second_derivatives", g, h, k);
    expect(x.grad).toBeNull();
    const z = leaf1(2);
    z.pow(3).backward(null, { createGraph: true });
    grad(z).backward();
    expectRecorded("create_graph_accumulates", z.grad);
  });

  test("hooks run in order and replace gradients", () => {
    const x = leaf1(1, 2);
    const y = x.mul(3);
    y.registerHook((g) => g.mul(2));
    y.registerHook((g) => g.add(1));
    x.registerHook((g) => g.mul(10));
    y.sum().backward();
    expectRecorded("hooks", x.grad);
  });

  test("retainGrad keeps the gradient as it was when it was registered", () => {
    const x = leaf1(1, 2);
    const y = x.mul(3);
    y.retainGrad();
    y.registerHook((g) => g.mul(5));
    y.square().sum().backward();
    expectRecorded("retained", y.grad, x.grad);
    expect([y.retainsGrad, x.retainsGrad]).toEqual([true, false]);
  });

  test("dtypes: each gradient has its tensor's", () => {
    const x = torch.tensor([1, 2], { dtype: "float32", requiresGrad: true });
    const w = leaf1(0.1, 0.2);
    x.mul(w).sum().backward();
    expect([x.grad!.dtype, w.grad!.dtype]).toEqual(["float32", "float64"]);
    expectRecorded("mixed_dtypes", x.grad, w.grad);
  });

  test("broadcasting is undone", () => {
    const x = torch.ones([2, 1, 3], { dtype: "float64", requiresGrad: true });
    const w = torch.arange(4, { dtype: "float64" }).reshape(4, 1).requiresGrad_();
    x.mul(w).pow(2).sum().backward();
    expectRecorded("broadcast", x.grad, w.grad);
  });

  test("autograd.backward", () => {
    const x = leaf1(1, 2);
    autograd.backward([x.mul(2), x.mul(x).sum()], [torch.tensor([1, 10], { dtype: "float64" }), null]);
    expectRecorded("backward_of_several", x.grad);
    const [a, b] = [leaf1(1, 2), leaf1(3, 4)];
    autograd.backward(a.mul(b).sum(), null, { inputs: [b] });
    expectRecorded("backward_with_inputs", b.grad, a.grad === null);
    expect(() => autograd.backward([a.sum(), b.sum()], [torch.ones([])])).toThrow(
      "got 2 tensors and 1 gradients",
    );
    expect(() => autograd.backward(a.sum(), null, { inputs: [] })).toThrow(
      "inputs argument to backward cannot be empty",
    );
  });
});

describe("what is kept and what is freed", () => {
  test("a second pass needs retainGraph", () => {
    const x = leaf1(1, 2);
    const y = x.mul(x).sum();
    y.backward(null, { retainGraph: true });
    y.backward();
    expect(grad(x).tolist()).toEqual([4, 8]);
    expect(() => y.backward()).toThrow(
      "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed)",
    );
    expect(() => y.backward()).toThrow(torch.AutogradError);
  });

  test("a graph that saved no tensor can be gone through again, as in PyTorch", () => {
    const x = leaf1(1, 2);
    for (const y of [
      x.sum(),
      x.add(1).sum(),
      x.sub(x).sum(),
      x.neg().mean(),
      x.reshape(2, 1).expand(2, 3).sum(),
    ]) {
      y.backward();
      y.backward();
    }
  });

  test("grad() frees, unless told otherwise; createGraph keeps", () => {
    const x = leaf1(2);
    const y = x.mul(x);
    autograd.grad(y, x, { retainGraph: true });
    autograd.grad(y, x, { createGraph: true });
    autograd.grad(y, x);
    expect(() => autograd.grad(y, x)).toThrow("second time");
  });

  test("only the part of a graph that was visited is freed", () => {
    const x = leaf1(2);
    const shared = x.mul(x);
    const [p, q] = [shared.mul(shared), shared.mul(3)];
    autograd.grad(p, shared);
    autograd.grad(q, x);
    expect(() => autograd.grad(shared, x)).toThrow("second time");
  });

  test("gradients of leaves share memory with nothing", () => {
    const checks: [string, (x: Tensor, w: Tensor) => Tensor, Tensor | null][] = [
      ["sum of two leaves", (x, w) => x.add(w), zeros(2).add(1)],
      ["a leaf itself", (x) => x, zeros(2).add(3)],
      ["a view", (x, w) => x.view(2).add(w.view(2)), zeros(2).add(1)],
      ["sum", (x, w) => x.sum().add(w.sum()), null],
      ["clone", (x, w) => x.clone().add(w.clone()), zeros(2).add(1)],
    ];
    for (const [name, f, upstream] of checks) {
      const [x, w] = [leaf1(1, 2), leaf1(3, 4)];
      const before = upstream?.tolist();
      f(x, w).backward(upstream, { retainGraph: true });
      grad(x).add_(100);
      expect(upstream?.tolist(), name).toEqual(before);
      if (w.grad) expect(Math.max(...grad(w).tolist()), name).toBeLessThan(50);
    }
  });

  test("a gradient that backward handed to a hook does not change later", () => {
    const x = leaf1(1, 2);
    let seen: Tensor | null = null;
    x.registerHook((g) => {
      seen = g;
      return undefined;
    });
    x.mul(2).sum().backward();
    grad(x).zero_();
    expect((seen as unknown as Tensor).tolist()).toEqual([2, 2]);
  });

  test(".grad set to null begins anew; .grad of another pass is added to in place", () => {
    const x = leaf1(1);
    x.mul(2).backward();
    const first = grad(x);
    x.mul(3).backward();
    expect(grad(x) === first).toBe(true);
    expect(first.item()).toBe(5);
    x.grad = null;
    x.mul(7).backward();
    expect([grad(x).item(), first.item()]).toEqual([7, 5]);
  });

  test("a deep chain does not overflow the stack", () => {
    const x = leaf1(1);
    let y: Tensor = x;
    for (let i = 0; i < 100_000; i++) y = y.add(1);
    y.backward();
    expect(grad(x).tolist()).toEqual([1]);
  });
});

describe("modes", () => {
  test("noGrad and enableGrad nest", () => {
    const x = leaf1(1);
    const seen: boolean[] = [];
    noGrad(() => {
      seen.push(x.mul(2).requiresGrad);
      enableGrad(() => {
        seen.push(x.mul(2).requiresGrad);
        noGrad(() => seen.push(torch.isGradEnabled()));
        seen.push(torch.isGradEnabled());
      });
      seen.push(x.mul(2).requiresGrad);
    });
    seen.push(x.mul(2).requiresGrad);
    expect(seen).toEqual([false, true, false, true, false, true]);
  });

  test("using ends with its block", () => {
    const x = leaf1(1);
    {
      using _ = noGrad();
      expect(x.mul(2).requiresGrad).toBe(false);
      {
        using _inner = enableGrad();
        expect(x.mul(2).requiresGrad).toBe(true);
      }
      expect(torch.isGradEnabled()).toBe(false);
    }
    expect(torch.isGradEnabled()).toBe(true);
  });

  test("an error ends a mode, also inside an op and inside backward", () => {
    const x = leaf1(1, 2);
    expect(() =>
      noGrad(() => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(() => x.matmul(leaf1(1, 2, 3))).toThrow();
    const y = x.mul(2);
    y.registerHook(() => {
      throw new Error("hook");
    });
    expect(() => y.sum().backward()).toThrow("hook");
    expect(torch.isGradEnabled()).toBe(true);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  test("setGradEnabled", () => {
    torch.setGradEnabled(false);
    expect(torch.isGradEnabled()).toBe(false);
    torch.setGradEnabled(true);
  });

  test("an async body is refused", () => {
    expect(() =>
      noGrad(async () => {
        await Promise.resolve();
      }),
    ).toThrow("must not be async");
  });

  test("leaves and others under noGrad", () => {
    const x = leaf1(1);
    noGrad(() => {
      expect(x.mul(2).isLeaf).toBe(true);
      x.add_(1);
      expect(x.requiresGrad).toBe(true);
    });
    expect(() => noGrad(() => x.mul(2)).backward()).toThrow(
      "element 0 of tensors does not require grad and does not have a gradFn",
    );
  });

  test("hooks of backward run unrecorded, or recorded with createGraph", () => {
    const x = leaf1(2);
    const seen: boolean[] = [];
    for (const createGraph of [false, true]) {
      const y = x.mul(x);
      y.registerHook(() => {
        seen.push(torch.isGradEnabled());
        return undefined;
      });
      autograd.grad(y, x, { createGraph });
    }
    expect(seen).toEqual([false, true]);
  });
});

describe("detach", () => {
  test("shares memory, has no history, and counts as a change", () => {
    const x = leaf1(1, 2);
    const y = x.mul(2);
    const d = y.detach();
    expect([d.requiresGrad, d.isLeaf, y.requiresGrad]).toEqual([false, true, true]);
    const z = y.mul(y).sum();
    d.zero_();
    expect(y.tolist()).toEqual([0, 0]);
    expect(() => z.backward()).toThrow("modified by an inplace operation");
  });

  test("data does not count as a change", () => {
    const x = leaf1(1, 2);
    const z = x.mul(x).sum();
    x.data.mul_(10);
    z.backward();
    expect(grad(x).tolist()).toEqual([20, 40]);
  });

  test("detach_", () => {
    const x = leaf1(1);
    const y = x.mul(2);
    y.detach_();
    expect([y.requiresGrad, y.isLeaf]).toEqual([false, true]);
    expect(() => x.mul(2).view(1).detach_()).toThrow("Can't detach views in-place. Use detach() instead");
  });

  test("requiresGrad of what was computed cannot be changed", () => {
    const y = leaf1(1).mul(2);
    expect(() => y.requiresGrad_(false)).toThrow("you can only change requiresGrad flags of leaf variables.");
    expect(y.requiresGrad_().requiresGrad).toBe(true);
    expect(() => torch.ones([2], { dtype: "int32" }).requiresGrad_()).toThrow(
      "only Tensors of floating point dtype can require gradients",
    );
  });
});

describe("in-place changes", () => {
  test("of a leaf, or of a view of one", () => {
    const x = leaf1(1, 2);
    const message = "a leaf Variable that requires grad is being used in an in-place operation";
    expect(() => x.add_(1)).toThrow(message);
    expect(() => x.zero_()).toThrow(message);
    expect(() => x.normal_()).toThrow(message);
    expect(() => x.set(0, 5)).toThrow(`a view of ${message}`);
    expect(() => x.view(2).mul_(3)).toThrow(`a view of ${message}`);
    expect(x.tolist()).toEqual([1, 2]);
    expect(x.version).toBe(0);
  });

  test("of a tensor that a gradient needs", () => {
    const x = leaf1(1, 2);
    const a = x.mul(2);
    const b = a.mul(a);
    a.add_(1);
    expect(() => b.sum().backward()).toThrow(
      /one of the variables needed for gradient computation has been modified by an inplace operation: \[torch\.DoubleTensor \[2\]\].* is at version 1; expected version 0 instead/,
    );
    const y = x.exp();
    const z = y.mul(1);
    y.mul_(2);
    expect(() => z.sum().backward()).toThrow("modified by an inplace operation");
    expect(() => y.sum().backward()).toThrow("modified by an inplace operation");
  });

  test("through a view, or of a view's base", () => {
    const x = leaf1(1, 2);
    const a = x.mul(2);
    const b = a.square();
    a.narrow(0, 0, 1).zero_();
    expect(() => b.sum().backward()).toThrow("modified by an inplace operation");
    const c = x.mul(2);
    const d = c.narrow(0, 0, 1).square();
    c.zero_();
    expect(() => d.sum().backward()).toThrow("modified by an inplace operation");
  });

  test("of a tensor that no gradient needs", () => {
    const x = leaf1(1, 2);
    const a = x.mul(2);
    const [b, c] = [a.add(1), a.sum()];
    a.add_(1);
    b.sum().add(c).add(a.sum()).backward();
    expect(grad(x).tolist()).toEqual([6, 6]);
  });

  test("of an operand that is not differentiated", () => {
    const x = leaf1(1, 2);
    const w = zeros(2).add(3);
    const y = x.mul(w);
    w.add_(1);
    expect(() => y.sum().backward()).toThrow("modified by an inplace operation");
    const z = x.add(w);
    w.add_(1);
    z.sum().backward();
    expect(grad(x).tolist()).toEqual([1, 1]);
  });

  test("under noGrad still count", () => {
    const x = leaf1(1, 2);
    const y = x.mul(x).sum();
    noGrad(() => x.add_(1));
    expect(() => y.backward()).toThrow("modified by an inplace operation");
  });

  test("of an expanded tensor", () => {
    expect(() => zeros(1).expand(3).add_(1)).toThrow(
      "unsupported operation: more than one element of the written-to tensor refers to a single memory location",
    );
  });

  test("with itself as the operand is what PyTorch refuses, too", () => {
    const y = leaf1(1, 2, 3).mul(1);
    y.mul_(y);
    expect(() => y.sum().backward()).toThrow("modified by an inplace operation");
  });

  test("every family of in-place op leaves the gradient of its out-of-place form", () => {
    const w = zeros(2, 2).add(0.7);
    const index = torch.tensor([1, 0], { dtype: "int32" });
    const mask = torch.tensor([
      [true, false],
      [false, true],
    ]);
    const cases: [string, (x: Tensor) => Tensor, (x: Tensor) => Tensor][] = [
      ["add_", (x) => x.add_(w), (x) => x.add(w)],
      ["exp_", (x) => x.exp_(), (x) => x.exp()],
      ["sigmoid_", (x) => x.sigmoid_(), (x) => x.sigmoid()],
      ["pow_", (x) => x.pow_(3), (x) => x.pow(3)],
      ["div_", (x) => x.div_(w), (x) => x.div(w)],
      ["clamp_", (x) => x.clamp_(0.5, 2), (x) => x.clamp(0.5, 2)],
      ["lerp_", (x) => x.lerp_(w, 0.3), (x) => x.lerp(w, 0.3)],
      ["addcmul_", (x) => x.addcmul_(w, w, { value: 2 }), (x) => x.addcmul(w, w, { value: 2 })],
      ["copy_", (x) => x.copy_(w), (x) => x.mul(0).add(w)],
      ["fill_", (x) => x.fill_(2), (x) => x.mul(0).add(2)],
      ["maskedFill_", (x) => x.maskedFill_(mask, 2), (x) => x.maskedFill(mask, 2)],
      ["indexAdd_", (x) => x.indexAdd_(0, index, w), (x) => x.indexAdd(0, index, w)],
      ["scatter_", (x) => x.scatter_(1, index.view(2, 1), w), (x) => x.scatter(1, index.view(2, 1), w)],
      ["uniform_", (x) => x.uniform_(1, 1.0000001), (x) => x.mul(0).add(1)],
    ];
    for (const [name, inplace, plain] of cases) {
      const [p, q] = [leaf1(0.2, 1.2, 2.2, 3.3), leaf1(0.2, 1.2, 2.2, 3.3)];
      const [a, b] = [p.mul(2).view(2, 2), q.mul(2).view(2, 2)];
      inplace(a).square().sum().backward();
      plain(b).square().sum().backward();
      grad(p)
        .tolist()
        .forEach((v: number, i: number) => {
          expect(v, name).toBeCloseTo(grad(q).tolist()[i], 5);
        });
    }
  });
});

describe("hooks", () => {
  test("can be removed", () => {
    const x = leaf1(1);
    const remove = x.registerHook((g) => g.mul(10));
    x.mul(2).backward();
    remove();
    remove();
    x.mul(2).backward();
    expect(grad(x).item()).toBe(22);
  });

  test("see the sum of all gradients of a tensor", () => {
    const x = leaf1(1);
    const seen: number[] = [];
    x.registerHook((g) => {
      seen.push(g.item() as number);
      return undefined;
    });
    x.mul(2).add(x.mul(3)).backward();
    expect(seen).toEqual([5]);
  });

  test("may run a pass of their own", () => {
    const x = leaf1(3);
    const y = x.mul(2);
    y.registerHook((g) => {
      const z = enableGrad(() => leaf1(2).square());
      z.backward();
      return g.mul(2);
    });
    y.backward();
    expect(grad(x).item()).toBe(4);
  });

  test("may go through the same graph", () => {
    const x = leaf1(3);
    const y = x.mul(x);
    const z = y.mul(2);
    let inner = 0;
    z.registerHook(() => {
      inner = autograd.grad(y, x, { retainGraph: true })[0]!.item() as number;
      return undefined;
    });
    z.backward();
    expect([inner, grad(x).item()]).toEqual([6, 12]);
  });

  test("need a tensor that requires grad", () => {
    expect(() => zeros(2).registerHook(() => undefined)).toThrow(
      "cannot register a hook on a tensor that doesn't require gradient",
    );
  });

  test("of one output of several", () => {
    const x = leaf1(1, 2, 3);
    const [a, b] = x.mul(1).split([1, 2]) as Tensor[];
    a!.registerHook((g) => g.mul(100));
    a!.sum().add(b!.sum()).backward();
    expect(grad(x).tolist()).toEqual([100, 1, 1]);
  });
});

describe("backward and grad: what is refused", () => {
  test("non-scalar outputs, and gradients of another shape", () => {
    const x = leaf1(1, 2);
    expect(() => x.mul(2).backward()).toThrow("grad can be implicitly created only for scalar outputs");
    expect(() => x.mul(2).backward(zeros(3))).toThrow(
      /Mismatch in shape: grad_output.* has a shape of .*\[3\].* and output.* has a shape of .*\[2\]/,
    );
    expect(() => zeros(1).backward()).toThrow("element 0 of tensors does not require grad");
  });

  test("unused inputs", () => {
    const [x, w] = [leaf1(1, 2), leaf1(3)];
    expect(() => autograd.grad(x.sum(), w)).toThrow(
      "appears to not have been used in the graph. Set allowUnused: true if this is the desired behavior.",
    );
    const [g, h] = autograd.grad(x.sum(), [w, x], { allowUnused: true });
    expect([g, h!.tolist()]).toEqual([null, [1, 1]]);
    expect(() => autograd.grad(x.sum(), zeros(1))).toThrow(
      "One of the differentiated Tensors does not require grad",
    );
    expect(() => autograd.grad([x.sum(), x.sum()], x, { gradOutputs: [torch.ones([])] })).toThrow(
      "got 2 outputs and 1 gradOutputs",
    );
  });

  test("an upstream gradient of another dtype is converted", () => {
    const x = torch.ones(2, { requiresGrad: true });
    x.mul(2).backward(torch.tensor([1, 2], { dtype: "float64" }));
    expect([x.grad!.dtype, x.grad!.tolist()]).toEqual(["float32", [2, 4]]);
  });
});

describe("grad", () => {
  test("of values in the middle of a graph, and of the output itself", () => {
    const x = leaf1(2);
    const y = x.mul(x);
    const z = y.mul(y);
    const [gz, gy, gx] = autograd.grad(z, [z, y, x]);
    expect([gz!.item(), gy!.item(), gx!.item()]).toEqual([1, 8, 32]);
  });

  test("of an input given twice", () => {
    const x = leaf1(2);
    const [a, b] = autograd.grad(x.mul(x), [x, x]);
    expect([a!.item(), b!.item()]).toEqual([4, 4]);
  });

  test("does not run what does not lead to the inputs", () => {
    const [x, w] = [leaf1(2), leaf1(3)];
    let ran = false;
    const side = w.mul(2);
    side.registerHook(() => {
      ran = true;
      return undefined;
    });
    autograd.grad(x.mul(side), x);
    expect(ran).toBe(false);
  });

  test("of a view taken before its base was changed", () => {
    const x = leaf1(1, 2);
    const base = x.mul(3);
    const view = base.narrow(0, 0, 1);
    const y = view.mul(5);
    base.mul_(2);
    expect(autograd.grad(y, x)[0]!.tolist()).toEqual([15, 0]);
  });
});

describe("empty tensors", () => {
  test("have empty gradients", () => {
    const x = torch.zeros([0, 3], { requiresGrad: true });
    x.mul(2).sum().backward();
    expect(x.grad!.shape).toEqual([0, 3]);
    const w = torch.ones([3, 2], { requiresGrad: true });
    torch.zeros([0, 3]).matmul(w).sum().backward();
    expect(w.grad!.tolist()).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("detectAnomaly", () => {
  test("names the op, and where it was called", () => {
    function culprit(x: Tensor): Tensor {
      return x.sqrt();
    }
    const run = (): void =>
      torch.detectAnomaly(() => {
        const x = leaf1(0);
        culprit(x).mul(0).sum().backward();
      });
    expect(run).toThrow("Function 'SqrtBackward0' returned nan values in its 0th output.");
    expect(run).toThrow(/culprit[\s\S]*autograd\.test\.ts/);
    expect(() => leaf1(0).sqrt().mul(0).sum().backward()).not.toThrow();
  });

  test("works with using, and says so when the forward pass was not recorded under it", () => {
    const y = leaf1(0).sqrt().mul(0).sum();
    using _ = torch.detectAnomaly();
    expect(() => y.backward()).toThrow("turn it on around the forward pass too");
  });
});

test("a number is a leaf of its own", () => {
  const x = leaf(2);
  x.mul(x).mul(3).backward();
  expect(grad(x).item()).toBe(12);
});
