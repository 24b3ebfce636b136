// Hurwitz' zeta function.
// Floor L4 (ops). Source: https://dlmf.nist.gov/25.11

import { noDerivative } from "../checks.ts";
import { elementwise } from "../define.ts";
import type { FloatOfTwo } from "../signatures.ts";
import { zeta as scalar } from "./gamma-functions.ts";

/** The sum of 1 / (k + q)^s over k = 0, 1, …; NaN for s < 1, infinite at q = 0, -1, … Either may be a number. */
export const zeta: FloatOfTwo<"zeta"> = elementwise({
  operands: 2,
  numberFirst: "beside",
  result: "float",
  host: () => scalar,
  vjp: [
    noDerivative("zeta"),
    (g, s) => {
      const more = typeof s.a === "number" ? s.a + 1 : s.a.add(1);
      return g.neg().mul(s.a).mul(zeta(more, s.b));
    },
  ],
});
