// The command: its options, its output, its exit status.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));
const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });

const folder = mkdtempSync(join(tmpdir(), "conformance-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fixtures = join(folder, "fixtures");
mkdirSync(join(fixtures, "opinfo"), { recursive: true });
const one = { shape: [1], dtype: "float32", data: [1] };
const two = { ...one, data: [2] };
const file = {
  op: "add",
  call: "torch.add(*args, **kwargs)",
  cases: [
    { id: 0, args: [one, one], kwargs: {}, out_type: "tensor", out: [two] },
    { id: 1, args: [one, two], kwargs: {}, out_type: "tensor", out: [two] },
  ],
  errors: [{ args: [one, "a"], kwargs: {}, error_type: "TypeError", error_message: "m" }],
};
writeFileSync(join(fixtures, "opinfo", "add.json"), JSON.stringify(file));

const broken = join(folder, "broken");
mkdirSync(join(broken, "optim"), { recursive: true });
writeFileSync(join(broken, "optim", "SGD.json"), "{");

describe("conformance", () => {
  it("prints one JSON object and nothing else", () => {
    const { status, stdout, stderr } = run("--fixtures", fixtures, "--json");
    expect([status, stderr]).toEqual([0, ""]);
    const none = { cases: 0, passed: 0, failed: 0, unsupported: 0, reasons: {} };
    expect(JSON.parse(stdout)).toEqual({
      opinfo: {
        cases: 2,
        passed: 1,
        failed: 1,
        unsupported: 0,
        gradCases: 0,
        gradPassed: 0,
        errorCases: 1,
        errorPassed: 1,
        reasons: {},
      },
      modules: none,
      optim: none,
      lr_scheduler: none,
      random: none,
      failures: [
        expect.objectContaining({
          section: "opinfo",
          name: "add",
          id: "1",
          kind: "forward",
          ours: "3",
          expected: "2",
          at: "[0]",
        }),
      ],
    });
  });
  it("prints counts and failures for people", () => {
    const { status, stdout } = run("--fixtures", fixtures);
    expect(status).toBe(0);
    expect(stdout).toContain("opinfo: 2 cases, 1 passed (50.0%), 1 failed, 0 unsupported");
    expect(stdout).toContain("opinfo/add 1: output at [0]: ours 3, expected 2");
  });
  it("fails with --strict", () => {
    expect(run("--fixtures", fixtures, "--strict").status).toBe(1);
  });
  it.each([
    [["--bogus"], /^conformance: Unknown option '--bogus'\n$/],
    [["--section", "ops"], /^conformance: unknown section "ops": expected opinfo, .*\n$/],
    [["--fixtures", join(folder, "nowhere")], /^conformance: no such directory: .*\n$/],
    [["--fixtures", folder], /^conformance: no fixtures in .*\n$/],
    [["--fixtures", fixtures, "--op", "sub"], /^conformance: no fixtures for "sub" in .*\n$/],
    [["--fixtures", broken], /^conformance: cannot read .*SGD\.json: .*\n$/],
    [["stray"], /^conformance: .*stray.*\n$/],
  ])("refuses %j in one line", (args, message) => {
    const { status, stdout, stderr } = run(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });
});
