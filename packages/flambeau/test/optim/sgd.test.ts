// SGD against PyTorch's recorded runs.

import { describe, test } from "vitest";
import * as optim from "../../src/optim/index.ts";
import type { Case } from "./fixtures.ts";
import { casesOf, runCase, titleOf } from "./fixtures.ts";

describe("SGD.json", () => {
  test.each(casesOf("SGD").map((c): [string, Case] => [titleOf(c), c]))("%s", (_, c) => {
    runCase(c, (params, options) => new optim.SGD(params, options));
  });
});
