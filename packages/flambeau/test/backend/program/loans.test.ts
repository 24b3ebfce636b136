// Outputs of programs that callers keep where the program wrote them.

import { expect, test } from "vitest";
import { createPrograms } from "../../../src/backend/wasm/program/index.ts";
import type { LoopStep, Program } from "../../../src/ir/program.ts";
import { ExprBuilder } from "../../../src/ir/scalar.ts";

/** Two outputs of a program that squares `n` numbers: n squares, and n squares more one. */
function squares(n: number): Program {
  const k = new ExprBuilder();
  const x = k.input(0, "float32");
  const at = (buffer: number) => ({ buffer, offset: 0, strides: [1] });
  const loop = (from: number, to: number, body: LoopStep["maps"][number]["body"]): LoopStep => ({
    kind: "loop",
    name: "loop",
    outer: [n],
    inner: [],
    operands: [{ dtype: "float32", source: at(from) }],
    stages: [],
    maps: [],
    values: [{ body, to: at(to) }],
  });
  return {
    buffers: (["input", "output", "output"] as const).map((kind, i) => ({
      name: `${kind} ${i}`,
      dtype: "float32",
      length: n,
      kind,
    })),
    // The second output is computed from the first, wherever that is.
    steps: [loop(0, 1, k.mul(x, x)), loop(1, 2, k.add(x, k.const(1, "float32")))],
    scalars: [],
  };
}

const n = 10_000;

test("a lent output stays as it is, and the next run writes elsewhere", () => {
  const programs = createPrograms();
  const compiled = programs.compile(squares(n), new Map());
  const results: Float32Array[][] = [];
  for (let round = 0; round < 4; round++) {
    compiled.view(0).fill((round + 2) as never);
    compiled.run();
    const [first, second] = [compiled.lend(1), compiled.lend(2)] as [Float32Array, Float32Array];
    expect(compiled.view(1).byteOffset).not.toBe(first.byteOffset);
    results.push(round % 2 === 0 ? [first, second] : [first]);
    if (round % 2 === 1) programs.results.give(second.byteOffset, second.byteLength);
  }
  compiled.release();
  // New programs get memory that is free, not what is lent.
  const other = programs.compile(squares(n), new Map());
  other.view(0).fill(7 as never);
  other.run();
  results.forEach((arrays, round) => {
    arrays.forEach((array, i) => {
      expect(new Set(array)).toEqual(new Set([(round + 2) ** 2 + i]));
    });
  });
  other.release();
  programs.close();
});

test("memory that comes back is used anew, and spoilt first where tests ask for that", () => {
  const programs = createPrograms();
  programs.results.spoils = true;
  const compiled = programs.compile(squares(n), new Map());
  const places = new Set<number>();
  for (let round = 0; round < 50; round++) {
    compiled.run();
    const array = compiled.lend(1)!;
    places.add(array.byteOffset);
    programs.results.give(array.byteOffset, array.byteLength);
    expect(array[n - 1]).toBeNaN();
  }
  expect(places.size).toBeLessThan(4);
  programs.close();
});

test("small outputs are not lent", () => {
  const programs = createPrograms();
  const compiled = programs.compile(squares(100), new Map());
  compiled.run();
  expect(compiled.lend(1)).toBeNull();
  programs.close();
});
