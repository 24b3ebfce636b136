import * as torch from "flambeau";
import { expect, test } from "vitest";
import { getBackend } from "../../src/backend/backend.ts";

const n = 10_000;
/** Programs that make little never get there. */
function warmUp(): void {
  for (let i = 0; i < 40; i++) torch.zeros(1_000_000);
}
const placeOf = (x: torch.Tensor): number => x.storage.data.byteOffset;

test("results that are dropped give their places to later ones, within one job", () => {
  warmUp();
  const places = new Set<number>();
  expect(placeOf(torch.ones(n))).toBeGreaterThan(2 ** 29);
  for (let i = 0; i < 20_000; i++) places.add(placeOf(torch.ones(n).neg()));
  expect(places.size).toBeLessThan(8000);
});

test("what is held is left alone, whoever holds it", () => {
  warmUp();
  const kept: { value: number; x: torch.Tensor; part: torch.Tensor }[] = [];
  for (let i = 0; i < 3000; i++) {
    const x = torch.full([n], i).add(1) as torch.Tensor;
    if (i % 7 === 0)
      kept.push({ value: i + 1, x, part: torch.full([n], -i).neg().at("100:200") as torch.Tensor });
  }
  for (const { value, x, part } of kept) {
    expect(x.amin().item()).toBe(value);
    expect(x.amax().item()).toBe(value);
    expect(part.sum().item()).toBe(100 * (value - 1));
  }
});

test("typed arrays that are handed out are copies", () => {
  warmUp();
  const values = torch.full([n], 3).add(1).toTypedArray() as Float32Array;
  const part = values.subarray(10, 20);
  for (let i = 0; i < 3000; i++) torch.zeros(n);
  expect([...part]).toEqual(new Array(10).fill(4));
  expect(values.buffer.byteLength).toBe(4 * n);
});

test("gradients and saved tensors outlive what made them", () => {
  warmUp();
  const w = torch.ones(n, { requiresGrad: true });
  let loss = torch.zeros(1) as torch.Tensor;
  for (let i = 0; i < 50; i++) loss = loss.add(w.mul(i).exp().log().sum()) as torch.Tensor;
  for (let i = 0; i < 2000; i++) torch.zeros(n);
  loss.backward();
  expect(w.grad?.at(0).item()).toBeCloseTo((49 * 50) / 2, 2);
});

test("places are of the size asked for and do not touch", () => {
  const memory = getBackend().results!;
  const arrays = [1000, 5000, 1000, 100_000, 3].map((length) => memory.take("float32", length)!);
  arrays.forEach((array, i) => {
    expect(array.byteOffset % 64).toBe(0);
    array.fill(i as never);
  });
  arrays.forEach((array, i) => {
    expect(new Set(array as Float32Array)).toEqual(new Set([i]));
  });
  const [first] = arrays;
  memory.give(first!.byteOffset, first!.byteLength);
  expect(memory.take("int32", 1000)!.byteOffset).toBe(first!.byteOffset);
});

test("kernels give the same bits wherever operands and results lie", () => {
  warmUp();
  const host = Float32Array.from({ length: 3 * n + 5 }, (_, i) => Math.sin(i) * 3);
  const elsewhere = torch.fromTypedArray(host, [3 * n + 5]);
  const placed = elsewhere.clone();
  for (const f of [
    (x: torch.Tensor) => x.neg(),
    (x: torch.Tensor) => x.mul(x).add(x),
    (x: torch.Tensor) => x.exp(),
    (x: torch.Tensor) => x.sum(),
    (x: torch.Tensor) => x.at("1:").reshape([4, -1]).sum(0),
    (x: torch.Tensor) => x.at("5:").reshape([3, n]).softmax(-1),
    (x: torch.Tensor) => x.at("5:").reshape([n, 3]).amax(1),
    (x: torch.Tensor) => x.gt(0.5),
    (x: torch.Tensor) => x.to("float64").sin(),
  ] as ((x: torch.Tensor) => torch.AnyTensor)[])
    expect(f(placed).equal(f(elsewhere))).toBe(true);
  // A row, or rows, that go with many.
  for (const cols of [1, 7, 16, 100, 1000, 3001])
    for (const rows of [1, 30, 40_000 / cols]) {
      const count = Math.floor(rows);
      const matrix = torch.randn(count, cols) as torch.Tensor;
      const row = torch.randn(cols) as torch.Tensor;
      const other = (x: torch.Tensor): torch.Tensor =>
        torch.fromTypedArray(x.toTypedArray() as Float32Array, x.shape as number[]) as torch.Tensor;
      const [m, r] = [other(matrix), other(row)];
      for (const f of [
        (x: torch.Tensor, y: torch.Tensor) => x.add(y),
        (x: torch.Tensor, y: torch.Tensor) => y.div(x),
        (x: torch.Tensor, y: torch.Tensor) => torch.where(x.gt(y), x, y),
        (x: torch.Tensor, y: torch.Tensor) => x.clone().sub_(y),
        (x: torch.Tensor, y: torch.Tensor) => torch.lerp(x, y.expand(x.shape as number[]), 0.25),
      ] as ((x: torch.Tensor, y: torch.Tensor) => torch.AnyTensor)[])
        expect(f(matrix, row).equal(f(m, r))).toBe(true);
    }
  // In place, on a whole and on a part.
  const [a, b] = [elsewhere.clone(), torch.fromTypedArray(host.slice(), [3 * n + 5])];
  for (const x of [a, b]) {
    x.exp_().sub_(1).tanh_();
    x.at("100:20000").mul_(3);
    x.add_(x);
  }
  expect(a.equal(b)).toBe(true);
});

test("products give the same bits wherever operands and results lie", () => {
  warmUp();
  torch.manualSeed(5);
  const elsewhere = (x: torch.Tensor): torch.Tensor =>
    torch.fromTypedArray(x.toTypedArray() as Float32Array, x.shape as number[]) as torch.Tensor;
  for (const [m, k, n] of [
    [256, 256, 256],
    [300, 70, 500],
    [97, 129, 65],
    [2000, 300, 17],
    [40, 3000, 2100],
  ] as const)
    for (const [a, b] of [
      [torch.randn(m, k), torch.randn(k, n)],
      [torch.randn(k, m).t(), torch.randn(n, k).t()],
      [torch.randn(m, 2 * k).at(`:, ${k}:`), torch.randn(k, n)],
    ] as [torch.Tensor, torch.Tensor][]) {
      const bias = torch.randn(n) as torch.Tensor;
      const [x, y] = [a, b].map((t) => {
        const copy = elsewhere(t);
        return t.stride(0) === 1 ? elsewhere(t.t() as torch.Tensor).t() : copy;
      }) as [torch.Tensor, torch.Tensor];
      expect(torch.addmm(bias, a, b).equal(torch.addmm(elsewhere(bias), x, y))).toBe(true);
      expect(a.matmul(b).equal(x.matmul(y))).toBe(true);
    }
  const [q, r] = [torch.randn(8, 64, 48), torch.randn(8, 64, 48)] as [torch.Tensor, torch.Tensor];
  const scores = (s: torch.Tensor, t: torch.Tensor): torch.AnyTensor => s.bmm(t.transpose(1, 2));
  expect(scores(q, r).equal(scores(elsewhere(q), elsewhere(r)))).toBe(true);
});

test("results of compiled functions: those that are held are left alone, the places of others are used anew", () => {
  warmUp();
  const f = torch.compile((x: torch.Tensor) => {
    const y = x.mul(2);
    return [y, y.add(1), y] as torch.Tensor[];
  });
  const kept: { value: number; results: torch.Tensor[] }[] = [];
  const places = new Set<number>();
  for (let i = 0; i < 6000; i++) {
    const results = f(torch.full([n], i) as torch.Tensor) as torch.Tensor[];
    places.add(placeOf(results[1]!));
    if (i % 97 === 0) kept.push({ value: 2 * i, results });
  }
  // Collections after every result make all of them old before they are dropped.
  if (process.env["FLAMBEAU_STRESS_MEMORY"] !== "1") expect(places.size).toBeLessThan(5000);
  for (const { value, results } of kept)
    results.forEach((y, k) => {
      expect([y.amin().item(), y.amax().item()]).toEqual([value + (k % 2), value + (k % 2)]);
    });
  // As arguments, in place, and as gradients.
  const [a] = kept.at(-1)!.results as [torch.Tensor];
  a.add_(1);
  expect(
    f(a)[0]!
      .at(n - 1)
      .item(),
  ).toBe(2 * (kept.at(-1)!.value + 1));
  const w = torch.ones(n, { requiresGrad: true });
  const step = torch.compile((x: torch.Tensor) => {
    w.grad = null;
    const l = w.mul(x).sum();
    l.backward();
    return l;
  });
  const gradients = [3, 4, 5].map((value) => {
    step(torch.full([n], value) as torch.Tensor);
    return w.grad as torch.Tensor;
  });
  expect(gradients.map((g) => [g.amin().item(), g.amax().item()])).toEqual([3, 4, 5].map((v) => [v, v]));
});
