// What explain() says of a program.

import { expect, test } from "vitest";
import { explain } from "../../src/compile/explain.ts";
import { optimise } from "../../src/compile/passes/index.ts";
import { Writer } from "./passes/write.ts";

test("steps with what they compute, why others are apart, memory and arithmetic", () => {
  const w = new Writer();
  const [x, weight, bias] = [w.buffer("input", 12), w.buffer("state", 8), w.buffer("state", 2)];
  const [p, q, y] = [w.buffer("temp", 6), w.buffer("temp", 6), w.buffer("output", 3)];
  w.matmul("linear", p, x, weight, [3, 2, 4]);
  w.map(
    "add",
    w.at(q, [3, 2]),
    [w.at(p, [3, 2]), w.at(bias, [], [0, 1]), w.scalar("lr")],
    (k, a, b, c) => k.add(a, k.mul(b, c)),
    [3, 2],
  );
  w.reduce("sum", y, w.at(q, [3, 2]), [3], [2]);
  const kernel = { kind: "", code: 0, flops: 2500, bytes: 4096 };
  const text = explain(optimise(w.program()), {
    kernels: [
      { ...kernel, name: "linear+add", note: "zeros left out" },
      { ...kernel, name: "sum", code: 1 },
    ],
    plannedBytes: 24,
    allBytes: 3 * 2 ** 20,
    workBytes: 64,
    threadBytes: 5 * 2 ** 10,
    moduleBytes: 1000,
    threads: 1,
  });
  expect(text.split("\n")).toEqual([
    "2 steps: 1 matmul, 1 loop",
    "5.0 kFLOP a run; 2 kernels, 1000 bytes of code",
    "24 bytes for what is computed in between, which side by side would take 3.0 MiB",
    "64 bytes that steps work in, and 5.0 KiB on each thread",
    "1 thread",
    "",
    "fusion: 3 steps became 2",
    "",
    "0 matmul linear+add [3, 4] @ [4, 2] 2.5 kFLOP, 4.0 KiB; zeros left out",
    "    p: product of input0#0[12, 4, 1] and state1#1[8, 2, 1]",
    "    x0: state2#2[0, 0, 1]",
    "    x1: number 0 (lr)",
    "    temp4#4[0, 2, 1] = p + (x0 * x1)",
    "1 loop sum [3 | 2] 2.5 kFLOP, 4.0 KiB",
    "    x0: temp4#4[2, 1]",
    "    r0: sum of x0",
    "    output5#5[1] = r0",
    "",
    "not fused:",
    "0 and 1: reductions are no part of products",
  ]);
});
