// PyTorch's recorded cases of every module: text, names of state, outputs, gradients, state afterwards.

import { describe, expect, test } from "vitest";
import * as nn from "../../src/nn/index.ts";
import type { ModuleCase } from "./fixtures.ts";
import { casesOf, moduleNames, problemsOf } from "./fixtures.ts";

for (const name of moduleNames().filter((n) => n in nn))
  describe(name, () => {
    test.each(casesOf<ModuleCase>(`modules/${name}.json`).map((c) => [`${c.id} ${c.desc}`, c] as const))(
      "%s",
      (_, c) => {
        expect(problemsOf(c)).toEqual([]);
      },
    );
  });
