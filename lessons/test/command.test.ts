// `npm run lesson`: the list, and names that are not in it.

import { expect, test } from "vitest";
import { catalog } from "../catalog.ts";
import { lesson } from "./run.ts";

test("without a name it lists the lessons", () => {
  const { status, stdout } = lesson([]);
  expect(status).toBe(0);
  for (const { name, title } of catalog) {
    expect(stdout).toContain(name);
    expect(stdout).toContain(title.en);
  }
});

test("a lesson that is not there is an error with status 2", () => {
  const { status, stdout, stderr } = lesson(["weight-gain"]);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toBe(
    `error: there is no lesson 'weight-gain'; there are ${catalog.map(({ name }) => name).join(", ")}\n`,
  );
});

test.for(catalog)("$name has help and refuses an unknown option", ({ name }) => {
  expect(lesson([name, "--help"])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(`npm run lesson -- ${name}`),
  });
  const wrong = lesson([name, "--colour"]);
  expect(wrong.status).toBe(2);
  expect(wrong.stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(wrong.stderr).toContain("--colour");
});
