// Functions of square matrices: powers and the exponential.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.linalg.matrix_exp.html

import type { DType } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { composite, op } from "../define.ts";
import { cat } from "../join.ts";
import { where } from "../select.ts";
import type { SquareFn } from "../signatures.ts";
import { exponential } from "./kernels/exponential.ts";
import { adjoint, checkFloat, checkSquare, elementsOf, leadOf, tensorOf } from "./matrices.ts";
import { inverseChecked } from "./solve.ts";

/**
 * Square matrices [..., n, n] to an integer power by repeated squaring; 0 gives the identity, a negative power that of the inverse.
 * @throws LinAlgError for a negative power of a singular matrix
 */
export const matrixPower: SquareFn<"linalg.matrixPower", [n: number]> = composite(
  (a: AnyTensor, n: number) => {
    if (!Number.isInteger(n))
      throw new ArgumentError(`linalg.matrix_power(): argument 'n' must be int, not ${String(n)}`);
    checkSquare(a, "linalg.matrix_power");
    if (n === 0) {
      const unit = a.newOnes(a.shape.slice(0, -1)).diagEmbed();
      // A constant that still has a gradient, of zeros.
      return where(unit.ge(0), unit, a);
    }
    if (n === 1) return a.clone();
    let base: AnyTensor = n < 0 ? inverseChecked(a, "linalg.inv") : a;
    let result: AnyTensor | null = null;
    for (let rest = Math.abs(n); ; ) {
      if (rest % 2 === 1) result = result ? result.matmul(base) : base;
      rest = Math.floor(rest / 2);
      if (rest === 0) return result!;
      base = base.matmul(base);
    }
  },
);

const exponentials: (a: AnyTensor) => AnyTensor = op({
  name: "linalg.matrixExp",
  saves: "inputs",
  forward: (a: AnyTensor) => {
    const n: number = a.shape.at(-1)!;
    const data = elementsOf(a);
    for (let t = 0; t < numel(leadOf(a)); t++)
      data.set(exponential(data.slice(t * n * n, (t + 1) * n * n), n), t * n * n);
    return tensorOf(data, a.shape, a.dtype as DType);
  },
  vjp: (g, s) => {
    // The exponential of [[A^T, g], [0, A^T]] has the gradient in its upper right corner.
    const t: AnyTensor = adjoint(s.a);
    const n: number = t.shape.at(-1)!;
    const whole = cat([cat([t, g], -1), cat([t.zerosLike(), t], -1)], -2);
    return exponentials(whole).narrow(-2, 0, n).narrow(-1, n, n);
  },
});

/** The exponentials of square matrices [..., n, n]: the sum of A^k / k!. */
export const matrixExp: SquareFn<"linalg.matrixExp", []> = composite((a: AnyTensor) => {
  checkSquare(a, "linalg.matrix_exp");
  checkFloat(a, "linalg.matrix_exp");
  return exponentials(a);
});
