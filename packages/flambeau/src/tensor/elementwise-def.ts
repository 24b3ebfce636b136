// How an elementwise op is defined.
// Floor L3 (tensor).

import type { DType } from "../base/dtype.ts";
import type { Expr, ExprBuilder } from "../ir/scalar.ts";
import type { HostFunction } from "./host-kernel.ts";
import type { OperandArg } from "./operands.ts";
import type { InputVjp, Saves } from "./record.ts";

export interface ElementwiseDef {
  /** The name in messages and of the graph node, of an op that is not exported; the name of an export is its own. */
  readonly name?: string;
  /** How many operands may be tensors or numbers: 1, 2 or 3. */
  readonly operands: 1 | 2 | 3;
  /** Names in the trailing options object that become further scalar operands, where given. */
  readonly options?: readonly string[];
  /** The value of one element. Operands come in the common dtype; options that were not given are undefined. */
  readonly lower?: (k: ExprBuilder, ...operands: Expr[]) => Expr;
  /** A function of JavaScript instead, for what no expression says well (iterations, many regions); null for some dtypes. */
  readonly host?: (dtype: DType) => HostFunction | null;
  /** The same function of one number in double precision, for a handful of elements; see {@link exceptFew}. */
  readonly few?: (x: number) => number;
  /** Result dtype: the common one (default), at least an integer, at least a float, or bool. */
  readonly result?: "common" | "number" | "float" | "bool";
  /** Which kinds of common dtype the op does not take. */
  readonly refuses?: readonly ("bool" | "int" | "float")[];
  /** Whether a single bool operand is refused as well, whatever the common dtype. */
  readonly refusesAnyBool?: boolean;
  /** Whether the first operand may be a number: never (default), beside a tensor, or always; as in PyTorch. */
  readonly numberFirst?: "beside" | "always";
  /** How many operands, from the first on, must be tensors: PyTorch does not take numbers everywhere. Default 0. */
  readonly tensors?: 0 | 2 | 3;
  /** What else is required of the operands (not called where all are float32). */
  readonly check?: (op: string, operands: readonly OperandArg[]) => void;
  /** Whether integers take options that are no integers, cut off. */
  readonly cutsOptions?: boolean;
  /** Whether integers divide by the second operand, which must then have no zero. */
  readonly integerDivisor?: boolean;
  /** Gradient of each operand; null where there is none. Without it, results never require grad. */
  readonly vjp?: readonly (InputVjp | null)[];
  /** What the gradients look at; default `inputs`. */
  readonly saves?: Saves;
}

/** A definition with every property there: definitions of one form are read several times faster than of many. */
export interface Complete
  extends Required<
    Omit<ElementwiseDef, "name" | "lower" | "host" | "few" | "check" | "numberFirst" | "vjp">
  > {
  readonly lower: ElementwiseDef["lower"] | null;
  readonly host: ElementwiseDef["host"] | null;
  readonly few: ((x: number) => number) | null;
  readonly check: ElementwiseDef["check"] | null;
  readonly numberFirst: "never" | "beside" | "always";
  readonly vjp: readonly (InputVjp | null)[] | null;
}

export const complete = (def: ElementwiseDef): Complete => ({
  operands: def.operands,
  options: def.options ?? [],
  lower: def.lower ?? null,
  host: def.host ?? null,
  few: def.few ?? null,
  result: def.result ?? "common",
  refuses: def.refuses ?? [],
  refusesAnyBool: def.refusesAnyBool ?? false,
  tensors: def.tensors ?? 0,
  check: def.check ?? null,
  cutsOptions: def.cutsOptions ?? false,
  integerDivisor: def.integerDivisor ?? false,
  numberFirst: def.numberFirst ?? "never",
  vjp: def.vjp ?? null,
  saves: def.saves ?? "inputs",
});
