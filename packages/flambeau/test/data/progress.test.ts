// The progress line, in a terminal made of a list and a clock that is set by hand.

import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";

const { progress } = torch.data;

interface Terminal {
  readonly stream: { isTTY: boolean; columns: number; write(text: string): boolean };
  readonly written: string[];
}
const terminal = (columns = 80, isTTY = true): Terminal => {
  const written: string[] = [];
  return { written, stream: { isTTY, columns, write: (text) => written.push(text) > 0 } };
};
const clear = "\r\u001b[K";

test("rate and time left", () => {
  const { stream, written } = terminal(100);
  let time = 1000;
  const seen: number[] = [];
  for (const x of progress([1, 2, 3, 4], { desc: "epoch", stream, now: () => time })) {
    seen.push(x);
    time += 500;
  }
  expect(seen).toEqual([1, 2, 3, 4]);
  const bar = (n: number): string => "━".repeat(n) + "─".repeat(40 - n);
  expect(written).toEqual([
    `${clear}epoch:   0% ${bar(0)} 0/4 [0:00<?, ? it/s]`,
    `${clear}epoch:  25% ${bar(10)} 1/4 [0:01<0:02, 2.00 it/s]`,
    `${clear}epoch:  50% ${bar(20)} 2/4 [0:01<0:01, 2.00 it/s]`,
    `${clear}epoch:  75% ${bar(30)} 3/4 [0:02<0:01, 2.00 it/s]`,
    `${clear}epoch: 100% ${bar(40)} 4/4 [0:02<0:00, 2.00 it/s]`,
    `${clear}epoch: 100% ${bar(40)} 4/4 [0:02<0:00, 2.00 it/s]`,
    "\n",
  ]);
});

test("is not written more than ten times a second, nor beyond the terminal's width", () => {
  const { stream, written } = terminal(30);
  let time = 0;
  for (const _ of progress(new Array(1000).fill(0), { stream, now: () => time })) time += 1;
  expect(written.length).toBeLessThan(15);
  for (const line of written) expect(line.replace(clear, "").length).toBeLessThan(30);
});

test("of unknown length, slow, and gone at the end", () => {
  const { stream, written } = terminal();
  let time = 0;
  function* twice(): Generator<number> {
    yield 1;
    yield 2;
  }
  for (const _ of progress(twice(), { stream, unit: "batch", leave: false, now: () => time })) time += 4000;
  expect(written.at(-2)).toBe(`${clear}2 [0:08, 4.00 s/batch]`);
  expect(written.at(-1)).toBe(clear);
});

test("ends its line when the loop is left early", () => {
  const { stream, written } = terminal();
  for (const _ of progress([1, 2], { stream, now: () => 0 })) break;
  expect(written.at(-1)).toBe("\n");
  expect(() => {
    for (const _ of progress([1], { stream, now: () => 0 })) throw new Error("inside");
  }).toThrow("inside");
  expect(written.at(-1)).toBe("\n");
});

test("does nothing when it is piped", () => {
  const { stream, written } = terminal(80, false);
  expect([...progress([1, 2, 3], { stream })]).toEqual([1, 2, 3]);
  expect([...progress(new torch.data.DataLoader([1, 2]), { stream: null })].length).toBe(2);
  expect(written).toEqual([]);
});
