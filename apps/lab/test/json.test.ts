// Types of JSON files for the editor.

import { expect, it } from "vitest";
import { declarationOf } from "../src/editor/json.ts";

it("declares what a JSON file holds", () => {
  const type = (text: string): string | undefined => /value: (.*);\n/.exec(declarationOf(text))?.[1];
  expect(type('[{"a": 1, "b": null}, {"a": 2, "b": "x"}]')).toBe(
    '({ "a": number; "b": null } | { "a": number; "b": string })[]',
  );
  expect(type("[]")).toBe("never[]");
  expect(type('{"x": [true, 1]}')).toBe('{ "x": (boolean | number)[] }');
  expect(type("{")).toBe("unknown");
  expect(type(JSON.stringify(Array.from({ length: 40 }, (_, i) => ({ [`k${i}`]: i }))))).toBe("unknown[]");
});
