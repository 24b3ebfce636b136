// What passes, and above all what must not: wrong values, shapes, dtypes, gradients, missing errors, ignored options.

import * as torch from "flambeau";
import { describe, expect, it } from "vitest";
import { bind } from "../src/bind.ts";
import { callFunction, callMethod } from "../src/call.ts";
import { compareTensor, compareValue } from "../src/compare.ts";
import { raisedAsExpected } from "../src/errors.ts";
import { acceptable } from "../src/nonunique.ts";
import type { OpCase, OpErrorCase, OpFile } from "../src/opinfo.ts";
import { runOpCase, runOpError } from "../src/opinfo.ts";
import { compareState } from "../src/optim.ts";
import type { RecordedTensor } from "../src/values.ts";
import { Unsupported } from "../src/values.ts";

const recorded = (
  data: RecordedTensor["data"],
  dtype = "float32",
  shape: readonly number[] = [data?.length ?? 0],
): RecordedTensor => ({
  shape,
  dtype,
  data,
});
const floats = (...data: number[]): torch.AnyTensor => torch.tensor(data, { dtype: "float32" });

describe("compareTensor", () => {
  const where = "output";
  it("accepts what is near enough", () => {
    expect(compareTensor(floats(1.00001, 0), recorded([1, 1e-6]), where)).toBeNull();
    expect(
      compareTensor(floats(Number.NaN, Number.POSITIVE_INFINITY), recorded(["nan", "inf"]), where),
    ).toBeNull();
    expect(compareTensor(floats(1.1), recorded([1]), where, { maxerr: 0.03 })).toBeNull();
  });
  it("names the first element that differs, with both values", () => {
    const x = floats(1, 2, 3, 4).reshape([2, 2]);
    expect(compareTensor(x, recorded([1, 2, 3.5, 5], "float32", [2, 2]), where)).toMatchObject({
      at: "[1, 0]",
      ours: "3",
      expected: "3.5",
    });
  });
  it.each([
    ["a wrong value", floats(1.0001), recorded([1])],
    ["NaN for a number", floats(Number.NaN), recorded([1])],
    ["a number for NaN", floats(1), recorded(["nan"])],
    ["an infinity of the other sign", floats(Number.NEGATIVE_INFINITY), recorded(["inf"])],
    ["a wrong shape", floats(1), recorded([1], "float32", [1, 1])],
    ["a missing dimension", torch.tensor(1.5), recorded([1.5])],
    ["a wrong dtype", torch.tensor([1]), recorded([1])],
    ["int64 for int32", torch.tensor([1], { dtype: "int64" }), recorded([1], "int32")],
    ["int32 for bool", torch.tensor([1]), recorded([true], "bool")],
    ["an integer that is near", torch.tensor([1000001]), recorded([1000000], "int64")],
    ["a number for a tensor", 1, recorded([1], "float32", [])],
    ["nothing", undefined, recorded([1])],
  ])("refuses %s", (_, ours, expected) => {
    expect(compareTensor(ours, expected, where)).not.toBeNull();
  });
  it("takes int32 for int64, by value", () => {
    expect(compareTensor(torch.tensor([1, 2]), recorded([1, 2], "int64"), where)).toBeNull();
    expect(
      compareTensor(torch.tensor([2n ** 60n]), recorded([String(2n ** 60n)], "int64"), where),
    ).toBeNull();
    expect(
      compareTensor(torch.tensor([2n ** 60n + 1n]), recorded([String(2n ** 60n)], "int64"), where),
    ).not.toBeNull();
  });
  it("looks at the shape alone where asked, and forgives what is unstable", () => {
    expect(compareTensor(floats(9), recorded([1]), where, { shapeOnly: true })).toBeNull();
    expect(compareTensor(floats(9), recorded([1, 2]), where, { shapeOnly: true })).not.toBeNull();
    expect(compareTensor(floats(9, 2), recorded(["inf", 2]), where, { unstable: true })).toBeNull();
    expect(compareTensor(floats(9, 3), recorded(["inf", 2]), where, { unstable: true })).not.toBeNull();
  });
});

describe("compareValue", () => {
  it("compares scalars, lists and tagged values", () => {
    expect(compareValue([1, "a", null, true], [1, "a", null, true], "v")).toBeNull();
    expect(compareValue(1, { $float: 1.000001 }, "v")).toBeNull();
    expect(compareValue("int32", { $dtype: "int64" }, "v")).toBeNull();
    expect(compareValue([2, 3], { $tuple: [2, 3] }, "v")).toBeNull();
  });
  it.each([
    [1, 2],
    [[1, 2], [1]],
    ["a", "b"],
    [true, 1],
    [1.0001, { $float: 1 }],
    ["float64", { $dtype: "float32" }],
    [undefined, 1],
  ])("refuses %j for %j", (ours, expected) => {
    expect(compareValue(ours, expected, "v")).not.toBeNull();
  });
});

const file = (call: string, more: Partial<OpFile> = {}): OpFile => ({
  op: "op",
  call,
  cases: [],
  errors: [],
  ...more,
});
const opCase = (more: Partial<OpCase>): OpCase => ({
  id: 0,
  args: [],
  kwargs: {},
  out_type: "tensor",
  out: [],
  ...more,
});
const add = file("torch.add(*args, **kwargs)");
const x = { ...recorded([1, 2]), requires_grad: true };
const y = recorded([3, 4]);
const sound = opCase({
  args: [x, y],
  kwargs: { alpha: 2 },
  out: [recorded([7, 10])],
  grad_out: [recorded([0.5, 1])],
  grads: [recorded([0.5, 1])],
});
const statuses = (f: OpFile, c: OpCase): string[] => runOpCase(f, c).map((o) => `${o.kind} ${o.status}`);

describe("runOpCase", () => {
  it("passes a sound case", () => {
    expect(statuses(add, sound)).toEqual(["forward passed", "grad passed"]);
  });
  it("fails for a wrong value, shape, dtype or number of results", () => {
    for (const out of [
      [recorded([7, 11])],
      [recorded([7, 10], "float32", [2, 1])],
      [recorded([7, 10], "int64")],
      [recorded([7, 10]), recorded([1])],
    ])
      expect(statuses(add, { ...sound, out })[0]).toBe("forward failed");
  });
  it("fails for wrong, missing and superfluous gradients", () => {
    const grad = (c: Partial<OpCase>, f = add): string | undefined => statuses(f, { ...sound, ...c })[1];
    expect(grad({ grads: [recorded([0.5, 2])] })).toBe("grad failed");
    expect(grad({ grads: [null] })).toBe("grad failed");
    expect(
      grad({ out: [recorded([false, false], "bool")], kwargs: {} }, file("torch.eq(*args, **kwargs)")),
    ).toBe("grad failed");
  });
  it("leaves out gradients that PyTorch itself gets wrong", () => {
    expect(statuses(add, { ...sound, unstable: true })).toEqual(["forward passed"]);
    expect(statuses(add, { ...sound, grad_error: "fails" })).toEqual(["forward passed"]);
  });
  it("looks at inputs after the call", () => {
    const f = file("args[0].zero_(*args[1:], **kwargs)");
    const c = opCase({ args: [y], out: [recorded([0, 0])] });
    expect(statuses(f, { ...c, inputs_after: { "0": recorded([0, 0]) } })).toEqual(["forward passed"]);
    expect(statuses(f, { ...c, inputs_after: { "0": recorded([3, 4]) } })).toEqual(["forward failed"]);
  });
  it("counts what is missing as unsupported, with its gradient", () => {
    expect(statuses(file("torch.no_such_op(*args, **kwargs)"), sound)).toEqual([
      "forward unsupported",
      "grad unsupported",
    ]);
    expect(statuses(add, { ...sound, kwargs: { alpha: 2, beta: 1 } })).toEqual([
      "forward unsupported",
      "grad unsupported",
    ]);
  });
  it("seeds the generator", () => {
    const draw = (seed: number): unknown => {
      const outcome = runOpCase(
        file("torch.rand(*args, **kwargs)"),
        opCase({ args: [[1]], seed, out: [recorded([0.4962566])] }),
      );
      return outcome[0]?.status;
    };
    expect(draw(0)).toBe("passed");
    expect(draw(1)).toBe("failed");
  });
});

describe("runOpError", () => {
  const errorCase = (args: readonly unknown[], error_type = "RuntimeError"): OpErrorCase => ({
    args,
    kwargs: {},
    error_type,
    error_message: "m",
  });
  it("passes where the right error is raised", () => {
    expect(runOpError(add, errorCase([recorded([1, 2]), recorded([1, 2, 3])])).status).toBe("passed");
  });
  it("fails where none is raised, or one of another kind", () => {
    expect(runOpError(add, errorCase([y, y])).status).toBe("failed");
    expect(runOpError(add, errorCase([recorded([1, 2]), recorded([1, 2, 3])], "IndexError")).status).toBe(
      "failed",
    );
  });
  it("is unsupported where there is nothing to call", () => {
    expect(runOpError(file("torch.no_such_op(*args)"), errorCase([y])).status).toBe("unsupported");
  });
});

describe("raisedAsExpected", () => {
  it("takes subclasses, and no crashes", () => {
    expect(raisedAsExpected(new torch.ShapeError("f", [], "m"), "RuntimeError").status).toBe("passed");
    expect(raisedAsExpected(new torch.ArgumentError("m"), "TypeError").status).toBe("passed");
    expect(raisedAsExpected(new TypeError("undefined is not a function"), "TypeError").status).toBe("failed");
    expect(raisedAsExpected(new RangeError("m"), "RuntimeError").status).toBe("failed");
    expect(raisedAsExpected(new torch.ValueError(""), "ValueError").status).toBe("failed");
  });
});

describe("binding", () => {
  const own = { positional: 2, options: true };
  const t = torch.zeros(2, 2);
  /** Our arguments after the tensor. */
  const rest = (op: string, args: readonly unknown[], kwargs: Record<string, unknown> = {}): unknown[] => {
    const bound = bind(op, own, [t, ...args], kwargs).args;
    expect(bound[0]).toBe(t);
    return bound.slice(1);
  };
  it("puts options into the object, however Python passes them", () => {
    expect(rest("sum", [1, true])).toEqual([1, { keepdim: true }]);
    expect(rest("sum", [], { dim: 1, keepdim: true })).toEqual([1, { keepdim: true }]);
    expect(rest("sum", [], { dtype: "float64" })).toEqual([undefined, { dtype: "float64" }]);
  });
  it("keeps the places of parameters that an overload leaves out", () => {
    expect(rest("std", [false])).toEqual([undefined, { unbiased: false }]);
    expect(bind("arange", { positional: null, options: false }, [5], {}).args).toEqual([5]);
  });
  it("gathers a list that is written out", () => {
    expect(rest("sum_to_size", [2, 1])).toEqual([[2, 1]]);
    expect(rest("sum_to_size", [[2, 1]])).toEqual([[2, 1]]);
  });
  it("leaves devices and layouts out", () => {
    expect(
      bind("zeros", { positional: null, options: false }, [[2]], { device: "cpu", dtype: "bool" }).args,
    ).toEqual([[2], { dtype: "bool" }]);
  });
  it("refuses more positions than there are", () => {
    expect(() => bind("no_such_op", { positional: 1, options: true }, [t, 1], {})).toThrow(Unsupported);
  });
  it("refuses an option that nobody reads", () => {
    expect(() => callFunction("relu", [floats(1)], { approximate: "tanh" })).toThrow(Unsupported);
    expect(() => callMethod(floats(1), "exp", [], { foo: 1 })).toThrow(Unsupported);
  });
});

describe("acceptable", () => {
  it("turns signs by rows or columns only", () => {
    const q = recorded([1, 2, 3, 4], "float32", [2, 2]);
    const free = (...data: number[]): unknown =>
      acceptable("signs of columns", [floats(...data).reshape([2, 2])], [q], undefined, {});
    expect(free(-1, 2, -3, 4)).toMatchObject({ gradients: true });
    expect(free(-1, -2, 3, 4)).toMatchObject({ gradients: true });
    expect(free(-1, 2, 3, 4)).toBeNull();
    expect(free(-1, 2, -3, 5)).toBeNull();
  });
  it("lets indices point at equal elements, each once", () => {
    const input = floats(3, 1, 3);
    const index = (...data: number[]): unknown =>
      acceptable("indices of equal values", [torch.tensor(data)], [recorded([1, 0, 2], "int64")], input, {});
    expect(index(1, 2, 0)).not.toBeNull();
    expect(index(1, 0, 0)).toBeNull();
    expect(index(0, 1, 2)).toBeNull();
  });
});

describe("compareState", () => {
  it("takes numbers for 0-d tensors, and lets ways of computing be missing", () => {
    const expected = {
      state: { "0": { step: recorded([3], "float32", []) } },
      param_groups: [{ lr: 0.1, foreach: null, params: [0] }],
    };
    expect(
      compareState({ state: { 0: { step: 3 } }, param_groups: [{ lr: 0.1, params: [0] }] }, expected, "s"),
    ).toBeNull();
    expect(
      compareState({ state: { 0: { step: 4 } }, param_groups: [{ lr: 0.1, params: [0] }] }, expected, "s"),
    ).not.toBeNull();
    expect(
      compareState({ state: {}, param_groups: [{ lr: 0.1, params: [0] }] }, expected, "s"),
    ).not.toBeNull();
    expect(
      compareState({ state: { 0: { step: 3 } }, param_groups: [{ lr: 0.2, params: [0] }] }, expected, "s"),
    ).not.toBeNull();
  });
});
