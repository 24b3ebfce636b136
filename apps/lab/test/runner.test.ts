// The parts of the runner that need no browser: modules from files, failures in the program's lines, bounded output.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { takeConsole } from "../src/runner/console.ts";
import { failureOf, placesOf } from "../src/runner/failure.ts";
import type { Files } from "../src/runner/link.ts";
import { LinkError, link } from "../src/runner/link.ts";
import { curveWithNaN, hasNaN } from "../src/runner/notes.ts";
import type { Batch } from "../src/runner/outlet.ts";
import { Outlet } from "../src/runner/outlet.ts";
import { TimerCount } from "../src/runner/timers.ts";

const packages = ["flambeau", "@flambeau/d2l"];

const failing = (files: Files, entry = "main.ts"): LinkError => {
  try {
    link(files, entry, packages);
  } catch (error) {
    if (error instanceof LinkError) return error;
    throw error;
  }
  throw new Error("expected a LinkError");
};

describe("link", () => {
  it("imports JSON with and without its attribute", () => {
    const [, main] = link(
      { "main.ts": 'import a from "./a.json" with { type: "json" };\nexport { a };\n', "a.json": "[1]" },
      "main.ts",
      packages,
    );
    expect(main?.pieces.join("URL")).toBe('import a from "URL";\nexport { a };\n');
  });

  it("orders files after what they import, and names files and packages", () => {
    const modules = link(
      {
        "main.ts": 'import * as torch from "flambeau";\nimport { f } from "./lib/f.ts";\nf(torch);\n',
        "lib/f.ts": 'import data from "../data.json";\nexport const f = (x: object): unknown => [x, data];\n',
        "data.json": "[1, 2]",
        "unused.ts": "export const a = (;",
      },
      "main.ts",
      packages,
    );
    expect(modules.map(({ path, imports }) => [path, imports])).toEqual([
      ["data.json", []],
      ["lib/f.ts", ["data.json"]],
      ["main.ts", ["flambeau", "lib/f.ts"]],
    ]);
    expect(modules[0]?.pieces).toEqual(["export default [1, 2];"]);
  });

  it("keeps every line in its place", () => {
    const source =
      "interface A {\n  x: number;\n}\ntype B = A &\n  object;\n\nexport function f<T extends A>(\n  a: T,\n): T {\n  return a as B as T; // here\n}\n";
    const [module] = link({ "main.ts": source }, "main.ts", packages);
    const at = (text: string): number => text.split("\n").findIndex((line) => line.includes("// here"));
    expect(at(module?.pieces.join("") ?? "")).toBe(at(source));
  });

  it("finds files without extension, with that of JavaScript, and behind import()", () => {
    const main = 'import "./a";\nimport "./b.js";\nawait import("./c.ts");\n';
    const modules = link({ "main.ts": main, "a.ts": "", "b.ts": "", "c.ts": "" }, "main.ts", packages);
    expect(modules.at(-1)?.imports).toEqual(["a.ts", "b.ts", "c.ts"]);
    expect(modules.at(-1)?.pieces[2]).toContain('await import("');
  });

  it("takes out types, and leaves what runs", () => {
    const source =
      'import type { T } from "elsewhere";\nenum E { A = 1 }\nusing x = { [Symbol.dispose]() {} };\nE.A satisfies number;\n';
    const code = link({ "main.ts": source }, "main.ts", packages)[0]?.pieces.join("") ?? "";
    expect(code).toContain("using x =");
    expect(code).not.toContain("elsewhere");
    expect(code).not.toContain("satisfies");
  });

  it("says where a file cannot be read", () => {
    expect(failing({ "main.ts": "const a = 1;\nconst b = ;\n" })).toMatchObject({ path: "main.ts", line: 2 });
    expect(failing({ "main.ts": 'import x from "./x.json"; x;', "x.json": "{" }).message).toContain(
      "x.json is not JSON",
    );
  });

  it("names what is not there, and what is", () => {
    expect(failing({ "main.ts": '\nimport _ from "lodash"; _;' })).toMatchObject({
      line: 2,
      message:
        '"lodash" is not here: a program can import "flambeau", "@flambeau/d2l" and its own files, such as "./data.ts"',
    });
    expect(failing({ "main.ts": 'import "./lib/no.ts";' }).message).toBe(
      '"./lib/no.ts" names no file here: there is no lib/no.ts',
    );
    expect(failing({}).message).toBe("there is no file main.ts");
  });

  it("takes JSON with the attribute that Node wants, and keeps the lines", () => {
    const main =
      'import a from "./a.json" with {\n  type: "json",\n};\nconst b = await import("./a.json", { with: { type: "json" } });\n[a, b];\n';
    const [, module] = link({ "main.ts": main, "a.json": "[]" }, "main.ts", packages);
    expect(module?.pieces).toEqual(['import a from "', '"\n\n;\nconst b = await import("', '");\n[a, b];\n']);
  });

  it("puts addresses in the place of files that are fetched", () => {
    const main =
      'const url = new URL("./data.bin", import.meta.url);\nnew URL("./other.bin", import.meta.url);\n';
    const [module] = link({ "lib/main.ts": main }, "lib/main.ts", packages, {
      "lib/data.bin": "https://host/x.bin",
    });
    expect(module?.pieces.join("")).toContain('const url = new URL("https://host/x.bin");');
    expect(module?.pieces.join("")).toContain('new URL("./other.bin", import.meta.url);');
  });

  it("shows a circle of imports", () => {
    const files = { "main.ts": 'import "./a.ts";', "a.ts": 'import "./b.ts";', "b.ts": 'import "./a.ts";' };
    expect(failing(files).message).toContain("a.ts → b.ts → a.ts");
  });
});

describe("failures", () => {
  const names = new Map([
    ["blob:http://host/1", "main.ts"],
    ["blob:null/2", "lib/data.ts"],
    ["blob:http://host/3", "flambeau"],
  ]);

  it("read the stacks of all engines, and leave out what is not the program's", () => {
    const chromium =
      "Error: x\n    at matmul (https://host/worker.js:1:99)\n    at Object.step (blob:http://host/1:12:5)\n    at async blob:null/2:3:1\n    at f (blob:http://host/3:1:1)";
    expect(placesOf(chromium, names)).toEqual([
      { path: "main.ts", line: 12, name: "Object.step" },
      { path: "lib/data.ts", line: 3, name: undefined },
    ]);
    expect(placesOf("step@blob:http://host/1:12:5\n@blob:null/2:3:1", names)).toEqual([
      { path: "main.ts", line: 12, name: "step" },
      { path: "lib/data.ts", line: 3, name: undefined },
    ]);
  });

  it("say what was thrown, with causes", () => {
    const error = new TypeError("outer", { cause: new RangeError("inner", { cause: "why" }) });
    expect(failureOf(error, names)).toMatchObject({
      kind: "exception",
      message: "TypeError: outer\ncaused by RangeError: inner\ncaused by the program threw why",
    });
    expect(failureOf(undefined, names).message).toBe("the program threw undefined");
  });

  it("know memory by the words of the engines", () => {
    for (const [Kind, message] of [
      [RangeError, "Array buffer allocation failed"],
      [RangeError, "Invalid typed array length: 100000000000"],
      [RangeError, "WebAssembly.Memory.grow(): Unable to grow instance memory: out of memory"],
      [RangeError, "invalid array length"],
    ] as const)
      expect(failureOf(new Kind(message), names).kind).toBe("memory");
    expect(failureOf(new RangeError("index 5 out of range"), names).kind).toBe("exception");
  });

  it("name files in the words of an engine", () => {
    const error = new SyntaxError(
      "The requested module 'blob:http://host/3' does not provide an export named 'x'",
    );
    expect(failureOf(error, names)).toMatchObject({ kind: "syntax" });
    expect(failureOf(error, names).message).toContain("The requested module 'flambeau' does not");
  });
});

describe("Outlet", () => {
  let batches: Batch[];
  let now: number;
  let outlet: Outlet;

  beforeEach(() => {
    vi.useFakeTimers();
    batches = [];
    now = 0;
    outlet = new Outlet(
      (batch) => batches.push(batch),
      () => now,
    );
    return () => vi.useRealTimers();
  });

  const sent = (): number => batches.reduce((sum, { lines }) => sum + lines.length, 0);
  const skipped = (): number => batches.reduce((sum, batch) => sum + batch.skipped, 0);

  it("sends few lines at once, since a loop without end may follow", () => {
    outlet.write("log", "a");
    outlet.write("warn", "b");
    expect(batches).toEqual([
      { lines: [{ level: "log", text: "a" }], skipped: 0 },
      { lines: [{ level: "warn", text: "b" }], skipped: 0 },
    ]);
  });

  it("sends many lines together, soon", () => {
    for (let i = 0; i < 800; i++) outlet.write("log", `line ${i}`);
    const before = sent();
    expect(before).toBeGreaterThan(400);
    expect(before).toBeLessThan(600);
    const calls = batches.length;
    vi.advanceTimersByTime(50);
    expect(sent()).toBe(800);
    expect(batches.length).toBe(calls + 1);
  });

  it("sends while a program never pauses, and bounds what it prints: the newest lines are kept, all are counted", () => {
    for (let i = 0; i < 1_000_000; i++) {
      now += 0.01;
      outlet.write("log", `line ${i}`);
    }
    outlet.flush();
    expect(batches.length).toBeGreaterThan(20);
    expect(sent()).toBeLessThan(3000);
    expect(sent() + skipped()).toBe(1_000_000);
    expect(batches.at(-1)?.lines.at(-1)?.text).toBe("line 999999");
  });

  it("lets a burst through whole", () => {
    for (let i = 0; i < 900; i++) outlet.write("log", `line ${i}`);
    outlet.flush();
    expect(sent()).toBe(900);
    expect(skipped()).toBe(0);
  });

  it("cuts a line that is too long", () => {
    outlet.write("log", "x".repeat(1_000_000));
    outlet.flush();
    expect(batches[0]?.lines[0]?.text.length).toBeLessThan(21_000);
    expect(batches[0]?.lines[0]?.text).toContain("1000000 characters");
  });
});

describe("console", () => {
  const printed: string[] = [];
  const console = {} as Console;
  takeConsole(
    {
      write: (level, text) => printed.push(`${level}: ${text}`),
      clear: () => printed.push("clear"),
      shows: (value) => value === "picture",
    },
    console,
  );
  beforeEach(() => {
    printed.length = 0;
  });

  it("prints as Node does", () => {
    console.log("%s has %d", "a", 3, { x: [1, 2], y: new Map([[1, "z"]]) });
    console.error(new Float32Array([1, 2.5]));
    expect(printed).toEqual([
      "log: a has 3 { x: [ 1, 2 ], y: Map(1) { 1 => 'z' } }",
      "error: Float32Array(2) [ 1, 2.5 ]",
    ]);
  });

  it("leaves out what shows itself", () => {
    console.log("picture");
    console.log("see", "picture");
    expect(printed).toEqual(["log: see"]);
  });

  it("groups, counts, asserts, clears and draws tables", () => {
    console.group("outer");
    console.log("two\nlines");
    console.groupEnd();
    console.count();
    console.count();
    console.assert(1 > 2, "order");
    console.clear();
    console.table([{ a: 1, b: "x" }, { a: 22 }]);
    expect(printed.slice(0, 6)).toEqual([
      "log: outer",
      "log:   two\n  lines",
      "log: default: 1",
      "log: default: 2",
      "error: Assertion failed: order",
      "clear",
    ]);
    expect(printed[6]).toBe(
      [
        "log: ┌─────────┬────┬─────┐",
        "│ (index) │ a  │ b   │",
        "├─────────┼────┼─────┤",
        "│ 0       │ 1  │ 'x' │",
        "│ 1       │ 22 │     │",
        "└─────────┴────┴─────┘",
      ].join("\n"),
    );
  });
});

describe("notes", () => {
  it("see a NaN that stands for itself", () => {
    for (const text of ["loss NaN", "tensor([nan, 1.])", "[ NaN ]"]) expect(hasNaN(text)).toBe(true);
    for (const text of ["banana", "nanoseconds", "isNaN(x)", "x.nan_to_num"])
      expect(hasNaN(text)).toBe(false);
  });

  it("find the first point of a curve that is no number", () => {
    const values = [
      { x: 1, y: 2, series: "train" },
      { x: 2, y: null, series: "train" },
    ];
    expect(curveWithNaN({ data: { values } } as never)).toEqual({ curve: "train", x: 2 });
    expect(curveWithNaN({ concat: [{ data: { values: values.slice(0, 1) } }] } as never)).toBeUndefined();
  });
});

describe("TimerCount", () => {
  it("waits for timers, those that timers set, and repeated ones until they are cleared", async () => {
    const scope = {
      setTimeout: (run: () => void, ms?: number) => Number(globalThis.setTimeout(run, ms)),
      setInterval: (run: () => void, ms?: number) => Number(globalThis.setInterval(run, ms)),
      clearTimeout: (id: number) => globalThis.clearTimeout(id),
      clearInterval: (id: number) => globalThis.clearInterval(id),
    };
    const timers = new TimerCount(scope as never);
    const order: string[] = [];
    await timers.idle();
    scope.setTimeout(() => {
      order.push("first");
      void Promise.resolve().then(() => scope.setTimeout(() => order.push("second"), 5));
    }, 5);
    let ticks = 0;
    const id = scope.setInterval(() => {
      if (++ticks === 3) scope.clearInterval(id);
    }, 1);
    await timers.idle();
    expect(order).toEqual(["first", "second"]);
    expect(ticks).toBe(3);
  });
});
