// Groups, state dicts, zeroing and printing of optimizers; what they refuse, in PyTorch's words.

import { describe, expect, test, vi } from "vitest";
import * as torch from "../../src/index.ts";
import * as optim from "../../src/optim/index.ts";

const parameter = (...shape: number[]): torch.AnyTensor => torch.ones(shape, { requiresGrad: true });
const withGrad = (...values: number[]): torch.AnyTensor => {
  const p = torch.ones(values.length, { requiresGrad: true }) as torch.AnyTensor;
  p.grad = torch.tensor(values, { dtype: "float32" });
  return p;
};
const same = (actual: readonly unknown[], wanted: readonly unknown[]): void =>
  expect(actual.map((x) => wanted.indexOf(x))).toStrictEqual([...wanted.keys()]);
const close = (t: torch.AnyTensor, wanted: readonly number[]): void =>
  wanted.forEach((v, i) => {
    expect(t.tolist()[i]).toBeCloseTo(v, 6);
  });

describe("parameters and groups", () => {
  test("a list, a generator, one tensor, groups", () => {
    const [a, b] = [parameter(2), parameter(3)];
    same(new optim.SGD([a, b], { lr: 1 }).paramGroups[0]!.params, [a, b]);
    function* both(): Generator<torch.AnyTensor> {
      yield a;
      yield b;
    }
    same(new optim.SGD(both(), { lr: 1 }).paramGroups[0]!.params, [a, b]);
    same(new optim.SGD(a, { lr: 1 }).paramGroups[0]!.params, [a]);
    const groups = new optim.SGD(
      [
        { params: a, weightDecay: 3 },
        { params: [b], lr: 2 },
      ],
      { lr: 1 },
    ).paramGroups;
    expect(groups.map((g) => [g.params.length, g.lr, g.weightDecay])).toEqual([
      [1, 1, 3],
      [1, 2, 0],
    ]);
  });

  test("options of a group can be changed between steps", () => {
    const p = withGrad(1);
    const optimizer = new optim.SGD([p], { lr: 1 });
    optimizer.paramGroups[0]!.lr = 0.25;
    optimizer.step();
    close(p, [0.75]);
  });

  test("addParamGroup", () => {
    const [a, b] = [withGrad(1), withGrad(1)];
    const optimizer = new optim.SGD([a], { lr: 1 });
    optimizer.addParamGroup({ params: b, lr: 0.5 });
    optimizer.step();
    close(a, [0]);
    close(b, [0.5]);
    expect(() => optimizer.addParamGroup({ params: [a] })).toThrow(
      "some parameters appear in more than one parameter group",
    );
  });

  test("a parameter twice in a group is a warning", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const a = parameter(1);
    new optim.SGD([a, a], { lr: 1 });
    expect(warn.mock.calls[0]![0]).toContain(
      "optimizer contains a parameter group with duplicate parameters",
    );
    warn.mockRestore();
  });

  test("lr may be left to the groups, but not to nobody", () => {
    const a = parameter(1);
    expect(new optim.SGD([{ params: a, lr: 3 }]).paramGroups[0]!.lr).toBe(3);
    expect(() => new optim.SGD([a])).toThrow(
      "parameter group didn't specify a value of required optimization parameter lr",
    );
  });

  test("what is refused", () => {
    const a = parameter(1);
    const make =
      (params: unknown, options: object = { lr: 1 }) =>
      () =>
        new optim.SGD(params as torch.AnyTensor[], options);
    expect(make([])).toThrow("optimizer got an empty parameter list");
    expect(make([a.mul(2)])).toThrow("can't optimize a non-leaf Tensor");
    expect(make([a, 3])).toThrow("optimizer can only optimize Tensors, but one of the params is number");
    expect(make([[a]])).toThrow("optimizer can only optimize Tensors, but one of the params is Array");
    expect(make(7)).toThrow("params argument given to the optimizer should be an iterable of Tensors");
    expect(make([a], { lr: -1 })).toThrow("Invalid learning rate: -1");
    expect(make([a], { lr: 1, momentum: -0.5 })).toThrow("Invalid momentum value: -0.5");
    expect(make([a], { lr: 1, weightDecay: -2 })).toThrow("Invalid weight_decay value: -2");
    expect(make([a], { lr: 1, nesterov: true })).toThrow(
      "Nesterov momentum requires a momentum and zero dampening",
    );
    expect(make([a], { lr: 1, nesterov: true, momentum: 0.9, dampening: 0.1 })).toThrow(
      "Nesterov momentum requires",
    );
    expect(make([a], { lr: -1 })).toThrow(torch.ValueError);
    const kept = a.mul(2);
    kept.retainGrad();
    expect(make([kept])).not.toThrow();
  });
});

describe("step and zeroGrad", () => {
  test("the closure runs with gradients, the step without", () => {
    const p = parameter(2);
    const optimizer = new optim.SGD([p], { lr: 0.5 });
    const loss = torch.noGrad(() =>
      optimizer.step(() => {
        const l = p.square().sum();
        l.backward();
        return l;
      }),
    );
    expect(loss.item()).toBe(2);
    close(p, [0, 0]);
    expect(p.isLeaf && p.requiresGrad).toBe(true);
    expect(torch.isGradEnabled()).toBe(true);
  });

  test("an error in the closure leaves the mode as it was", () => {
    const optimizer = new optim.SGD([parameter(1)], { lr: 1 });
    expect(() =>
      optimizer.step(() => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(torch.isGradEnabled()).toBe(true);
  });

  test("parameters without a gradient stay, also with weight decay", () => {
    const p = parameter(1);
    new optim.SGD([p], { lr: 1, weightDecay: 1 }).step();
    close(p, [1]);
  });

  test("zeroGrad forgets by default, and fills with 0 in place when asked", () => {
    const p = withGrad(3);
    const { grad } = p;
    const optimizer = new optim.SGD([p], { lr: 1 });
    optimizer.zeroGrad({ setToNone: false });
    expect(p.grad === grad).toBe(true);
    expect(p.grad!.tolist()).toEqual([0]);
    optimizer.zeroGrad();
    expect(p.grad).toBeNull();
  });

  test("setToNone: false cuts a gradient out of its graph", () => {
    const p = parameter(1);
    p.pow(3).sum().backward(null, { createGraph: true });
    expect(p.grad!.requiresGrad).toBe(true);
    new optim.SGD([p], { lr: 1 }).zeroGrad({ setToNone: false });
    expect(p.grad!.requiresGrad).toBe(false);
  });

  test("the momentum buffer is not the gradient itself", () => {
    const p = withGrad(1);
    const optimizer = new optim.SGD([p], { lr: 1, momentum: 0.5 });
    optimizer.step();
    p.grad!.zero_();
    expect((optimizer.state.get(p)!.momentumBuffer as torch.AnyTensor).tolist()).toEqual([1]);
  });

  test("parameters that are not contiguous", () => {
    const p: torch.AnyTensor = torch
      .arange(6, { dtype: "float32" })
      .reshape(2, 3)
      .t()
      .detach()
      .requiresGrad_();
    p.grad = torch.ones(3, 2);
    new optim.SGD([p], { lr: 0.5, weightDecay: 1 }).step();
    expect(p.tolist()).toEqual([
      [-0.5, 1],
      [0, 1.5],
      [0.5, 2],
    ]);
  });

  test("differentiable: gradients flow through the update", () => {
    const w = torch.tensor([2], { dtype: "float32", requiresGrad: true });
    const p: torch.AnyTensor = w.mul(1);
    p.retainGrad();
    p.grad = w.mul(3);
    new optim.SGD([p], { lr: 0.5, differentiable: true }).step();
    p.sum().backward();
    expect(w.grad!.tolist()).toEqual([-0.5]); // d/dw (w - 0.5 * 3 w)
  });
});

describe("state dicts", () => {
  const trained = (): [optim.SGD, torch.AnyTensor[]] => {
    const params = [withGrad(1, 2), withGrad(3)];
    const optimizer = new optim.SGD([{ params: params[0]!, weightDecay: 3 }, { params: params[1]! }], {
      lr: 0.1,
      momentum: 0.9,
    });
    optimizer.step();
    return [optimizer, params];
  };

  test("PyTorch's names", () => {
    const dict = trained()[0].stateDict();
    expect(dict.param_groups).toEqual([
      {
        weight_decay: 3,
        lr: 0.1,
        momentum: 0.9,
        dampening: 0,
        nesterov: false,
        maximize: false,
        foreach: null,
        differentiable: false,
        params: [0],
      },
      {
        lr: 0.1,
        momentum: 0.9,
        dampening: 0,
        weight_decay: 0,
        nesterov: false,
        maximize: false,
        foreach: null,
        differentiable: false,
        params: [1],
      },
    ]);
    expect(Object.keys(dict.param_groups[0]!)[0]).toBe("weight_decay");
    expect(Object.keys(dict.state)).toEqual(["0", "1"]);
    expect((dict.state["0"]!["momentum_buffer"] as torch.AnyTensor).tolist()).toEqual([4, 5]);
  });

  test("loading goes on where saving left off, with copies", () => {
    const [first, [a]] = trained();
    const dict = first.stateDict();
    const [second, [b]] = trained();
    const groups = second.paramGroups;
    second.loadStateDict(dict);
    expect(second.paramGroups === groups).toBe(true);
    expect(second.state.get(b!)!.momentumBuffer === first.state.get(a!)!.momentumBuffer).toBe(false);
    first.step();
    second.step();
    expect(b!.tolist()).toEqual(a!.tolist());
    expect((second.stateDict().state["0"]!["momentum_buffer"] as torch.AnyTensor).tolist()).toEqual(
      (first.stateDict().state["0"]!["momentum_buffer"] as torch.AnyTensor).tolist(),
    );
  });

  test("state takes the dtype of its parameter; options that are missing keep their defaults", () => {
    const p: torch.AnyTensor = torch.ones([1], { dtype: "float64", requiresGrad: true });
    const optimizer = new optim.SGD([p], { lr: 1 });
    optimizer.loadStateDict({
      state: { 7: { momentum_buffer: torch.ones(1) } },
      param_groups: [{ params: [7], lr: 0.5, momentum: 0.9, initial_lr: 2 }],
    });
    expect(optimizer.state.get(p)!.momentumBuffer!.dtype).toBe("float64");
    expect(optimizer.paramGroups[0]).toMatchObject({ lr: 0.5, momentum: 0.9, nesterov: false, initialLr: 2 });
  });

  test("another number of groups or parameters", () => {
    const [optimizer] = trained();
    const dict = optimizer.stateDict();
    expect(() => optimizer.loadStateDict({ ...dict, param_groups: dict.param_groups.slice(1) })).toThrow(
      "loaded state dict has a different number of parameter groups",
    );
    const [first, second] = dict.param_groups;
    expect(() =>
      optimizer.loadStateDict({ ...dict, param_groups: [{ ...first!, params: [0, 1] }, second!] }),
    ).toThrow(
      "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
    );
  });
});

test("printing is PyTorch's", () => {
  const optimizer = new optim.SGD(
    [
      { params: parameter(2), weightDecay: 3 },
      { params: parameter(1), lr: 1e-5 },
    ],
    { lr: 0.003, momentum: 0.9 },
  );
  expect(String(optimizer)).toBe(`SGD (
Parameter Group 0
    dampening: 0
    differentiable: False
    foreach: None
    lr: 0.003
    maximize: False
    momentum: 0.9
    nesterov: False
    weight_decay: 3

Parameter Group 1
    dampening: 0
    differentiable: False
    foreach: None
    lr: 1e-05
    maximize: False
    momentum: 0.9
    nesterov: False
    weight_decay: 0
)`);
});
