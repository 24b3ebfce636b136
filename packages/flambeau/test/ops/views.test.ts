// What shares memory and what does not, and what changes in place through views do to values and gradients: as PyTorch
// recorded it in fixtures/views.json.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";

type Tensor = torch.AnyTensor;
// biome-ignore lint/suspicious/noExplicitAny: methods are called by name.
type Method = (...args: any[]) => Tensor;

interface Recorded {
  readonly shape: readonly number[];
  readonly values: unknown;
}
interface Alias extends Recorded {
  readonly same: boolean;
  /** Strides and offset, where memory is shared. */
  readonly where: [readonly number[], number] | null;
}
interface Program {
  readonly shape: number[];
  readonly values: number[];
  readonly other: number[];
  /** What is done, to which tensor, by which method, with which arguments. */
  readonly steps: ["view" | "change" | "other" | "sum" | "fill", number, string, unknown[]][];
  readonly results: Recorded[];
  readonly grad: unknown;
  readonly otherGrad: number[] | null;
}
const recorded = JSON.parse(readFileSync(new URL("fixtures/views.json", import.meta.url), "utf8")) as {
  aliases: [string, string, unknown[], Alias | null][];
  programs: Program[];
};

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
const call = (x: Tensor, name: string, args: readonly unknown[]): Tensor =>
  ((x as unknown as Record<string, Method>)[camelCase(name)] as Method).call(x, ...args);
const flat = (values: unknown): number[] => [values].flat(Infinity) as number[];
const leaf = (values: readonly number[], shape: readonly number[]): Tensor =>
  torch
    .tensor([...values], { dtype: "float64" })
    .reshape([...shape])
    .detach()
    .requiresGrad_();

const inputs: Record<string, () => Tensor> = {
  packed: () => torch.arange(24, { dtype: "float32" }).reshape(2, 3, 4),
  transposed: () => torch.arange(24, { dtype: "float32" }).reshape(4, 3, 2).transpose(0, 2),
  sliced: () => torch.arange(48, { dtype: "float32" }).reshape(2, 3, 8).sliceDim(2, 1, null, 2),
};

describe("aliases", () => {
  test.each(recorded.aliases)("%s: %s(%j)", (layout, name, args, expected) => {
    const x = inputs[layout]!();
    if (!expected) {
      expect(() => call(x, name, args)).toThrow(torch.RuntimeError);
      return;
    }
    const y = call(x, name, args);
    expect(y.shape).toEqual(expected.shape);
    expect(y.tolist()).toEqual(expected.values);
    expect(y === x).toBe(expected.same);
    expect(y.storage === x.storage).toBe(expected.where !== null);
    if (!expected.where) return;
    const [strides, offset] = expected.where;
    expect(y.storageOffset()).toBe(offset);
    // A dimension of extent 1 is never stepped along.
    const stepped = (s: readonly number[]): number[] => s.filter((_, i) => y.shape[i] !== 1);
    expect(stepped(y.stride())).toEqual(stepped(strides));
    // What lies between the elements of x is seen by a strided look at its memory alone.
    if (name === "as_strided" && layout === "sliced") return;
    // Writing through the view is seen in the base, and the reverse. Expanded views are not written to; overlapping
    // windows show an element more than once.
    if (!name.startsWith("broadcast") && !name.startsWith("expand")) {
      y.fill_(-1);
      const written = x.eq(-1).sum().item();
      if (name === "unfold") expect(written).toBeGreaterThan(0);
      else expect(written).toBe(y.numel());
    }
    x.fill_(7);
    expect(y.eq(7).all().item()).toBe(true);
  });
});

describe("functions of several tensors", () => {
  const x = torch.arange(6, { dtype: "float32" });
  const m = x.reshape(2, 3);
  const shares = (y: Tensor): boolean => y.storage === x.storage;
  test("views", () => {
    expect(torch.broadcastTensors(x, torch.zeros(2, 1)).map(shares)).toEqual([true, false]);
    expect(torch.broadcastTensors(x, torch.zeros(1))[0]).toBe(x);
    expect(torch.meshgrid(x, x).every(shares)).toBe(true);
    expect(torch.meshgrid(x, x, { indexing: "xy" }).every(shares)).toBe(true);
    expect(torch.cartesianProd(x)).toBe(x);
    expect(torch.atleast1d(x)).toBe(x);
    expect([torch.atleast2d(x), torch.atleast3d(x), torch.atleast3d(m)].every(shares)).toBe(true);
    expect(
      [...m.tensorSplit(2), ...m.hsplit([1]), ...m.vsplit(2), ...m.split(1), ...m.unbind()].every(shares),
    ).toBe(true);
    expect([m.T, m.mT, m.mH, m.H].every(shares)).toBe(true);
  });
  test("copies", () => {
    const copies = [
      torch.cat([x]),
      torch.hstack([x]),
      torch.vstack([m]),
      torch.blockDiag(m),
      m.selectScatter(m.select(0, 0), 0, 0),
      m.diag(),
      m.take(torch.tensor([0])),
      m.indexSelect(0, torch.tensor([0, 1])),
      m.gather(0, torch.tensor([[0]])),
      m.to("float32", { copy: true }),
      torch.constantPadNd(m, [0, 0]),
      m.maskedFill(torch.tensor(false), 1),
      m.at([torch.tensor([0])]),
      m.at([[0]]),
      m.at(true),
      m.at([m.ge(0)]),
    ];
    expect(copies.map(shares)).toEqual(copies.map(() => false));
    expect(m.to("float32")).toBe(m);
    expect(m.typeAs(x)).toBe(m);
  });
  test("indices that give views", () => {
    const views = [
      m.at(0),
      m.at(":"),
      m.at("..."),
      m.at(null),
      m.at(torch.tensor(1)),
      m.at("1:, ::2"),
      m.at([{ start: 1 }]),
    ];
    expect(views.map(shares)).toEqual(views.map(() => true));
    expect(m.at(torch.tensor(1)).tolist()).toEqual([3, 4, 5]);
  });
});

/** Runs a recorded program and gives its tensors. */
function run(p: Program, x: Tensor, other: Tensor): Tensor[] {
  const tensors: Tensor[] = [x.mul(1)];
  for (const [kind, i, name, args] of p.steps) {
    const t = tensors[i]!;
    if (kind === "view") tensors.push(call(t, name, args));
    else if (kind === "other") call(t, name, [other]);
    else if (kind === "sum") call(t, name, [t.sum()]);
    else if (kind === "fill") t.indexFill_(0, torch.tensor([0]), 0.5);
    else call(t, name, args);
  }
  return tensors;
}

describe("changes through views of views", () => {
  test.each(
    recorded.programs.map((p, i): [number, string, Program] => [i, p.steps.map((s) => s[2]).join(" "), p]),
  )("%i: %s", (_, __, p) => {
    const x = leaf(p.values, p.shape);
    const other = leaf(p.other, [1]);
    const tensors = run(p, x, other);
    const close = (ours: Tensor, theirs: unknown): void => {
      const values = flat(theirs);
      const own = flat(ours.tolist());
      expect(own.length).toBe(values.length);
      own.forEach((v, i) => {
        expect(Math.abs(v - values[i]!)).toBeLessThanOrEqual(1e-7 * (1 + Math.abs(values[i]!)));
      });
    };
    tensors.forEach((t, i) => {
      expect(t.shape).toEqual(p.results[i]!.shape);
      close(t, p.results[i]!.values);
    });
    let loss: Tensor = torch.zeros([], { dtype: "float64" });
    tensors.forEach((t, i) => {
      loss = loss.add(
        t
          .mul(t)
          .mul(i + 1)
          .sum(),
      );
    });
    loss.backward();
    close(x.grad!, p.grad);
    if (p.otherGrad) close(other.grad!, p.otherGrad);
    else expect(other.grad).toBeNull();
  });
});

test("resize_ keeps what is there, and grows memory that views share", () => {
  const x = torch.tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { dtype: "float32" },
  );
  const row: Tensor = x.select(0, 1);
  expect(row.resize_(2).tolist()).toEqual([4, 5]);
  row.resize_([2, 4]);
  expect(row.shape).toEqual([2, 4]);
  expect(row.tolist().flat().slice(0, 3)).toEqual([4, 5, 6]);
  row.fill_(9);
  expect(x.tolist()).toEqual([
    [1, 2, 3],
    [9, 9, 9],
  ]);
  expect((x.t() as Tensor).resizeAs_(torch.zeros(2, 2)).tolist()).toEqual([
    [1, 2],
    [3, 9],
  ]);
  expect(() => torch.zeros(2, { requiresGrad: true }).resize_(3)).toThrow(
    "cannot resize variables that require grad",
  );
});

test("what refuses to be changed", () => {
  const x = torch.ones([2, 2], { requiresGrad: true });
  expect(() => x.t_()).toThrow(torch.AutogradError);
  expect(() => x.diagonal().mul_(2)).toThrow(torch.AutogradError);
  expect(() => torch.zeros(1).expand(3).add_(1)).toThrow(torch.RuntimeError);
  const y = x.mul(1);
  const z = y.mul(y);
  y.t_();
  expect(() => z.sum().backward()).toThrow(torch.AutogradError);
});
