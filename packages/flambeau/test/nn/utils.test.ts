// nn.utils against PyTorch's numbers (fixtures/utils.json, written by fixtures/utils.py).

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
const { nn } = torch;
const { utils } = nn;
const recorded = JSON.parse(
  readFileSync(new URL("./fixtures/utils.json", import.meta.url), "utf8"),
) as Record<string, unknown[]>;

/** Nested numbers up to float32 rounding. */
function close(a: unknown, b: unknown): void {
  if (Array.isArray(b)) {
    expect((a as unknown[]).length).toBe(b.length);
    b.forEach((y, i) => close((a as unknown[])[i], y));
  } else
    expect(Math.abs((a as number) - (b as number))).toBeLessThanOrEqual(1e-6 + 2e-5 * Math.abs(b as number));
}
const lists = (...ts: unknown[]): unknown[] => ts.map((t) => (t as Tensor).tolist());
const members = (m: torch.nn.Module): Record<string, Tensor> => m as unknown as Record<string, Tensor>;
const x = torch.tensor([[1, 2, -1]], { dtype: "float32" });

describe("weightNorm", () => {
  test("is PyTorch's", () => {
    torch.manualSeed(4);
    const m = utils.weightNorm(new nn.Linear(3, 2));
    expect(Object.keys(m.stateDict())).toEqual(recorded["wnKeys"]);
    const y = m(x);
    y.square().sum().backward();
    const { weightG, weightV } = members(m);
    close(lists(weightG, weightV, y, weightG!.grad, weightV!.grad), recorded["wn"]);
  });
  test("of the whole weight", () => {
    torch.manualSeed(4);
    const m = members(utils.weightNorm(new nn.Conv1d(2, 3, 2), "weight", null));
    close([m["weightG"]!.item(), m["weightG"]!.shape, m["weightV"]!.shape], recorded["wnc"]);
  });
  test("is taken away again", () => {
    const m = new nn.Linear(3, 2);
    const before = m(x).tolist();
    utils.weightNorm(m);
    expect(() => utils.weightNorm(m)).toThrow("Cannot register two weightNorm hooks");
    utils.removeWeightNorm(m);
    expect(Object.keys(m.stateDict())).toEqual(["weight", "bias"]);
    close(m(x).tolist(), before);
    expect(() => utils.removeWeightNorm(m)).toThrow("weightNorm of 'weight' not found in Linear");
    expect(() => utils.weightNorm(m, "wait")).toThrow("'wait' is not a parameter of Linear");
  });
});

describe("spectralNorm", () => {
  test("is PyTorch's", () => {
    torch.manualSeed(4);
    const m = utils.spectralNorm(new nn.Linear(3, 2));
    expect(Object.keys(m.stateDict())).toEqual(recorded["snKeys"]);
    const y = m(x);
    y.square().sum().backward();
    const { weightOrig, weightU, weightV } = members(m);
    close(lists(weightOrig, weightU, weightV, y, weightOrig!.grad), recorded["sn"]);
    close(m.eval()(x).tolist(), recorded["snEval"]);
  });
  test("of a transposed convolution, along its outputs", () => {
    torch.manualSeed(4);
    const m = utils.spectralNorm(new nn.ConvTranspose1d(2, 3, 2));
    const { weightU, weightV } = members(m);
    close(
      [
        weightU!.shape,
        weightV!.shape,
        m(torch.ones(1, 2, 2))
          .flatten()
          .tolist(),
      ],
      recorded["snt"],
    );
  });
  test("lets two forwards of one step be differentiated", () => {
    const m = utils.spectralNorm(new nn.Linear(3, 2));
    m(x)
      .sub(m(x.mul(2)))
      .sum()
      .backward();
    expect(members(m)["weightOrig"]!.grad).not.toBe(null);
  });
  test("is taken away again", () => {
    const m = utils.spectralNorm(new nn.Linear(3, 2)).eval();
    const before = m(x).tolist();
    utils.removeSpectralNorm(m);
    expect(Object.keys(m.stateDict()).sort()).toEqual(["bias", "weight"]);
    close(m(x).tolist(), before);
    expect(() => utils.spectralNorm(m, "weight", { nPowerIterations: 0 })).toThrow(torch.ValueError);
  });
});

describe("clipping", () => {
  const parameters = (): Tensor[] => {
    const p = [nn.init.zeros_(torch.empty(2, 3)), nn.init.zeros_(torch.empty(4)), torch.zeros(1)] as Tensor[];
    p[0]!.grad = torch.arange(6, { dtype: "float32" }).view(2, 3).sub(2);
    p[1]!.grad = torch.tensor([0.5, -3, 2, 1]);
    return p;
  };
  test.each([2, 1, Number.POSITIVE_INFINITY])("by the norm of order %d", (normType) => {
    const p = parameters();
    const norm = utils.clipGradNorm_(p, 1.5, { normType });
    const key = `clip${normType === 2 ? "2.0" : normType === 1 ? "1.0" : "inf"}`;
    close([norm.item(), p[0]!.grad!.tolist(), p[1]!.grad!.tolist()], recorded[key]);
  });
  test("by value", () => {
    const p = parameters();
    utils.clipGradValue_(p[0]!, 1.25);
    expect(p[0]!.grad!.tolist()).toEqual(recorded["cv"]);
  });
  test("leaves short gradients and no gradients alone", () => {
    const p = parameters();
    const before = p[0]!.grad!.tolist();
    utils.clipGradNorm_(p, 100);
    expect(p[0]!.grad!.tolist()).toEqual(before);
    expect(utils.clipGradNorm_([torch.zeros(1)], 1).item()).toBe(0);
  });
  test("refuses a norm that is not finite when asked to", () => {
    const p = parameters();
    p[1]!.grad = torch.tensor([Number.NaN, 1, 1, 1]);
    const before = p[0]!.grad!.tolist();
    expect(() => utils.clipGradNorm_(p, 1, { errorIfNonfinite: true })).toThrow("non-finite");
    expect(p[0]!.grad!.tolist()).toEqual(before);
  });
});

describe("parameters and vectors", () => {
  test("there and back", () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(3, 1));
    const v = utils.parametersToVector(net.parameters());
    expect(v.shape).toEqual([13]);
    v.sum().backward();
    expect(net[0].weight.grad!.tolist()).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    utils.vectorToParameters(torch.arange(13, { dtype: "float32" }), net.parameters());
    expect(net[1].weight.tolist()).toEqual([[9, 10, 11]]);
    expect(() => utils.vectorToParameters(torch.zeros(12), net.parameters())).toThrow("13 elements");
  });
});
