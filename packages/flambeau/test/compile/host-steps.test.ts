// Ops that look at elements, in compiled functions: called by JavaScript in every run, with their gradients; and what is refused.

import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;

/** Results of four calls, eager and compiled; the first of a compiled function is eager, too. */
function both(make: () => (call: number) => Tensor[]): [Tensor[][], Tensor[][]] {
  return [false, true].map((compiled) => {
    torch.manualSeed(5);
    const plain = make();
    let call = 0;
    const f = compiled ? torch.compile(() => plain(call)) : () => plain(call);
    const all: Tensor[][] = [];
    for (; call < 4; call++) all.push(f());
    return all;
  }) as [Tensor[][], Tensor[][]];
}

function check(make: () => (call: number) => Tensor[]): void {
  const [eager, compiled] = both(make);
  eager.flat().forEach((x, i) => {
    const y = compiled.flat()[i]!;
    expect(y.shape).toEqual(x.shape);
    expect(torch.allclose(y, x, { rtol: 1e-5, atol: 1e-6 }), `result ${i}`).toBe(true);
  });
}

/** A state that changes from call to call, and its gradient in every one. */
const differentiated = (value: Tensor, f: (x: Tensor) => Tensor) => (): (() => Tensor[]) => {
  const x: Tensor = value.clone().requiresGrad_();
  return () => {
    x.grad = null;
    const y = f(x);
    y.square().sum().backward();
    const g = x.grad!.clone();
    torch.noGrad(() => x.mul_(1.1));
    return [y.detach(), g];
  };
};

const spd = torch
  .tensor([
    [4, 1, 0.5],
    [1, 3, 0.25],
    [0.5, 0.25, 2],
  ])
  .to("float64") as Tensor;

describe("gradients of what runs in JavaScript", () => {
  test("of a decomposition", () => {
    check(differentiated(spd, (x) => torch.linalg.cholesky(x)));
  });
  test("of a determinant, whose formula looks at elements", () => {
    check(differentiated(spd, (x) => torch.linalg.det(x)));
  });
  test("of a solution, for both arguments", () => {
    check(differentiated(spd, (x) => torch.linalg.solve(x, x.sum(0))));
  });
});

test("what is changed in place keeps the rest", () => {
  check(() => {
    const x = torch.arange(6).to("float32");
    return (call) => {
      x.put_(torch.tensor([1, 4]), torch.tensor([0.5, -0.5]).to("float32").mul(2));
      return [x.add(call * 0), x.mul(2)];
    };
  });
});

describe("what is refused", () => {
  const x = torch.tensor([1, 0, 2]).to("float32") as Tensor;
  const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
    ["a boolean", () => torch.equal(x, x.mul(2)), /equal cannot be captured: it gives a boolean/],
    ["a shape", () => torch.nonzero(x.mul(2)), /nonzero cannot be captured: the shape of its result/],
    ["a number", () => x.sum().item(), /looks at values of a tensor/],
  ];
  test.each(cases)("%s that depends on values", (_, f, message) => {
    const step = torch.compile(() => {
      f();
      return x.add(1);
    });
    step();
    expect(() => step()).toThrow(torch.CompileError);
    expect(() => step()).toThrow(message);
  });
});
