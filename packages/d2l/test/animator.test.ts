// Animator: what it keeps, what it writes where, and that it leaves nothing behind.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AnimatorOptions, FigureSpec, TextStream } from "../src/index.ts";
import { Animator } from "../src/index.ts";
import { curvesOf, panelsOf } from "../src/spec.ts";

const ESC = "\u001b";
const TOKEN = new RegExp(`${ESC}\\[\\d*[A-Za-z]|[^${ESC}]`, "gu");
const UP = new RegExp(`${ESC}\\[(\\d+)A`);

/** A terminal that understands what the animator writes: text, line feeds, cursor up, clear. */
class FakeTerminal implements TextStream {
  isTTY = true;
  columns = 60;
  rows = 40;
  bytesWritten = 0;
  writes: string[] = [];
  screen: string[] = [""];
  #row = 0;
  #column = 0;

  write(text: string): boolean {
    this.writes.push(text);
    this.bytesWritten += text.length;
    for (const token of text.match(TOKEN) ?? []) {
      const line = this.screen[this.#row] ?? "";
      if (token === "\n") [this.#row, this.#column] = [this.#row + 1, 0];
      else if (token === "\r") this.#column = 0;
      else if (UP.test(token)) this.#row -= Number(UP.exec(token)?.[1]);
      else if (token === `${ESC}[K`) this.screen[this.#row] = line.slice(0, this.#column);
      else if (token === `${ESC}[J`) this.screen.length = this.#row;
      else this.screen[this.#row] = line.slice(0, this.#column) + token + line.slice(++this.#column);
    }
    return true;
  }

  get text(): string {
    return this.screen.join("\n").trimEnd();
  }
}

const data = (animator: Animator): number[][][] =>
  panelsOf(animator.figure().spec).flatMap((panel) => curvesOf(panel).map(({ x, y }) => [[...x], [...y]]));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("TERM", "xterm-256color");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("data", () => {
  const none = (): Animator => new Animator({ display: "none" });

  it("grows one curve per value; null and undefined are skipped", () => {
    const animator = none();
    animator.add(1, [10, null, 30]);
    animator.add(2, [11, 21, undefined]);
    animator.add(3, 12);
    expect(data(animator)).toEqual([
      [
        [1, 2, 3],
        [10, 11, 12],
      ],
      [[2], [21]],
      [[1], [30]],
    ]);
  });

  it("takes an x per curve, typed arrays and tensors", () => {
    const animator = none();
    animator.add([1, 2], new Float32Array([3, 4]));
    animator.add({ tolist: () => 5 }, [{ tolist: () => [6] }, 7n]);
    expect(data(animator)).toEqual([
      [
        [1, 5],
        [3, 6],
      ],
      [
        [2, 5],
        [4, 7],
      ],
    ]);
  });

  it("adds nothing when one of the values is not a number", () => {
    const animator = none();
    expect(() => animator.add(1, [1, "2" as never])).toThrow("Animator.add: expected a number");
    expect(data(animator)).toEqual([]);
  });

  it("keeps NaN as a gap", () => {
    const animator = none();
    animator.add(1, Number.NaN);
    animator.add(2, 1);
    expect(data(animator)).toEqual([
      [
        [1, 2],
        [Number.NaN, 1],
      ],
    ]);
  });

  it("deals curves out to panels", () => {
    const animator = new Animator({ ncols: 2, legend: ["a", "b", "c"], display: "none" });
    animator.add(1, [1, 2, 3]);
    const names = panelsOf(animator.figure().spec).map((panel) => curvesOf(panel).map((curve) => curve.name));
    expect(names).toEqual([["a", "c"], ["b"]]);
  });

  it("refuses options it cannot use, at once", () => {
    const bad: AnimatorOptions[] = [
      { nrows: 0 },
      { ncols: 1.5 },
      { fmts: ["?"] },
      { yscale: "x" as never },
      { display: "x" as never },
    ];
    for (const options of bad) expect(() => new Animator(options)).toThrow(RangeError);
  });
});

describe("on a terminal", () => {
  it("leaves the picture of all data standing once, above the cursor", () => {
    const stream = new FakeTerminal();
    const animator = new Animator({ stream, xlabel: "epoch", legend: ["train", "test"] });
    for (let i = 0; i <= 100; i++) {
      animator.add(i, [Math.exp(-i / 20), 1]);
      vi.advanceTimersByTime(10);
    }
    animator.close();
    expect(stream.text).toBe(animator.figure().toTerminal({ columns: 60, color: false }));
    expect(stream.writes.at(-1)?.endsWith("\n\u001b[J")).toBe(true);
    expect(stream.writes.join("")).not.toContain("\u001b[?");
  });

  it("draws at most 15 pictures a second, the first at once and the last in time", () => {
    const stream = new FakeTerminal();
    const animator = new Animator({ stream });
    animator.add(0, 0);
    expect(stream.writes.length).toBe(1);
    for (let i = 1; i <= 1000; i++) {
      animator.add(i, i);
      vi.advanceTimersByTime(1);
    }
    expect(stream.writes.length).toBeLessThanOrEqual(16);
    vi.advanceTimersByTime(100);
    expect(stream.text).toBe(animator.figure().toTerminal({ columns: 60, color: false }));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("draws at once what reaches the right edge, so that a loop need not close it", () => {
    const stream = new FakeTerminal();
    const animator = new Animator({ stream, xlim: [1, 10] });
    for (let i = 1; i <= 10; i++) animator.add(i, i);
    expect(stream.text).toBe(animator.figure().toTerminal({ columns: 60, color: false }));
  });

  it("does not draw over what others write", () => {
    const stream = new FakeTerminal();
    const animator = new Animator({ stream });
    animator.add(1, 1);
    stream.write("someone else\n");
    animator.add(2, 2);
    animator.close();
    expect(stream.text).toContain("someone else\n");
    expect(stream.text.endsWith(animator.figure().toTerminal({ columns: 60, color: false }))).toBe(true);
  });

  it("fits a small terminal, and takes the lines back that a narrower one has wrapped", () => {
    const stream = new FakeTerminal();
    stream.rows = 10;
    const animator = new Animator({ stream, xlabel: "x" });
    for (const i of [0, 1]) animator.add(i, i);
    animator.close();
    expect(stream.text.split("\n").length).toBe(9);

    const shrinking = new FakeTerminal();
    const second = new Animator({ stream: shrinking });
    for (const i of [0, 1]) second.add(i, i);
    vi.advanceTimersByTime(1000);
    const lines = shrinking.text.split("\n").length;
    shrinking.columns = 30;
    second.add(2, 2);
    vi.advanceTimersByTime(1000);
    const up = Number(UP.exec(shrinking.writes.at(-1) ?? "")?.[1]);
    expect(up).toBeGreaterThan(lines);
  });

  it("is closed by `using`, draws nothing after that, and keeps no timer", () => {
    const stream = new FakeTerminal();
    let animator: Animator;
    {
      using inner = new Animator({ stream });
      animator = inner;
      for (let i = 0; i < 5; i++) inner.add(i, i);
      expect(vi.getTimerCount()).toBe(1);
    }
    expect(vi.getTimerCount()).toBe(0);
    const written = stream.writes.length;
    animator.add(9, 9);
    animator.close();
    vi.advanceTimersByTime(1000);
    expect(stream.writes.length).toBe(written);
    expect(data(animator)[0]?.[0]).toEqual([0, 1, 2, 3, 4, 9]);
  });

  it("draws what is left when the program ends", () => {
    const stream = new FakeTerminal();
    const before = process.listeners("exit");
    const animator = new Animator({ stream });
    for (let i = 0; i < 5; i++) animator.add(i, i);
    const mine = process.listeners("exit").filter((listener) => !before.includes(listener));
    for (const listener of mine.length > 0 ? mine : process.listeners("exit")) listener.call(process, 0);
    expect(stream.text).toBe(animator.figure().toTerminal({ columns: 60, color: false }));
  });
});

describe("elsewhere", () => {
  it("writes nothing to a pipe, and the finished picture when asked to", () => {
    const piped = Object.assign(new FakeTerminal(), { isTTY: false });
    const quiet = new Animator({ stream: piped });
    const asked = new Animator({ stream: piped, display: "terminal" });
    for (const animator of [quiet, asked]) {
      for (let i = 0; i < 5; i++) animator.add(i, i);
      vi.advanceTimersByTime(1000);
    }
    quiet.close();
    expect(piped.writes).toEqual([]);
    asked.close();
    expect(piped.writes).toEqual([`${asked.figure().toTerminal({ columns: 60, color: false })}\n`]);
  });

  it("writes nothing with display none, and nothing where there is nothing to draw", () => {
    const stream = new FakeTerminal();
    const animator = new Animator({ stream, display: "none" });
    animator.add(1, 1);
    animator.close();
    new Animator({ stream }).close();
    expect(stream.writes).toEqual([]);
  });

  it("hands specs to a page, and always the last", () => {
    const animator = new Animator({ display: "none" });
    const specs: FigureSpec[] = [];
    const end = animator.onUpdate((spec) => specs.push(spec));
    for (let i = 0; i < 20; i++) animator.add(i, i);
    expect(specs.length).toBe(1);
    vi.advanceTimersByTime(100);
    expect(specs.at(-1)).toEqual(animator.figure().spec);
    end();
    animator.add(20, 20);
    animator.close();
    expect(specs.length).toBe(2);
  });

  it("updates one output of a Deno notebook, whose last state has an SVG", async () => {
    vi.useRealTimers();
    const display = vi.fn((_data: Record<string, unknown>, _options: object) =>
      Promise.reject(new Error("gone")),
    );
    vi.stubGlobal("Deno", { jupyter: { display } });
    const animator = new Animator();
    vi.unstubAllGlobals();
    animator.add(1, 1);
    animator.add(2, 2);
    animator.close();
    await vi.waitFor(() => expect(display).toHaveBeenCalledTimes(2), { timeout: 10_000 });
    expect(display.mock.calls.map(([, options]) => options)).toMatchObject([
      { update: false },
      { update: true },
    ]);
    const [first, last] = display.mock.calls.map(([data]) => data);
    expect(first?.["application/vnd.vegalite.v5+json"]).toMatchObject({ mark: { type: "line" } });
    expect(first).not.toHaveProperty("image/svg+xml");
    expect(last?.["image/svg+xml"]).toContain("<svg");
  });

  it("survives Deno's refusal outside a notebook", () => {
    vi.stubGlobal("Deno", {
      get jupyter() {
        throw new Error("only in a notebook");
      },
    });
    expect(() => new Animator().close()).not.toThrow();
    vi.unstubAllGlobals();
  });
});
