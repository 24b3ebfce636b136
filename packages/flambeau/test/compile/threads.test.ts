// How many threads: what is set is told, and what makes no sense is refused.

import { expect, test } from "vitest";
import { setBackend } from "../../src/backend/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/index.ts";
import * as torch from "../../src/index.ts";

test("setNumThreads", () => {
  setBackend(createWasmBackend());
  expect(torch.getNumThreads()).toBeGreaterThanOrEqual(1);
  torch.setNumThreads(3);
  expect(torch.getNumThreads()).toBe(3);
  for (const n of [0, -1, 1.5, Number.NaN]) expect(() => torch.setNumThreads(n)).toThrow(torch.ValueError);
  expect(torch.getNumThreads()).toBe(3);
});
