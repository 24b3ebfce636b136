// The recorded call of an elementwise op. Most nodes of most graphs are of this class, so it is kept small.
// Floor L3 (tensor).

import type { DType } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import type { Elementwise } from "./elementwise.ts";
import type { Grad, Saved, SavedValue } from "./node.ts";
import { freed, Node, unchanged } from "./node.ts";
import type { OperandArg } from "./operands.ts";
import { fitGradient, functionName, refuseInference } from "./record.ts";
import type { AnyTensor } from "./tensor.ts";
import { Tensor } from "./tensor.ts";

const edgeOf = (x: OperandArg | undefined): Node | null => (x instanceof Tensor ? x.gradEdge() : null);
const outputOf = (x: OperandArg | undefined): number => (x instanceof Tensor ? x.outputNumber : 0);
const shapeOf = (x: OperandArg | undefined): Shape | null => (x instanceof Tensor ? x.shape : null);
const dtypeOf = (x: OperandArg | undefined): DType | null => (x instanceof Tensor ? x.dtype : null);
const versionOf = (x: OperandArg | undefined): number => (x instanceof Tensor ? x.storage.version : 0);

/** Edge i is that of operand i; numbers have none. */
export class ElementwiseNode extends Node implements Saved {
  readonly #op: Elementwise;
  readonly #options: object | undefined;
  // What the gradient formulas may look at, as far as the op says that they do.
  #a: OperandArg | undefined;
  #b: OperandArg | undefined;
  #c: OperandArg | undefined;
  #y: AnyTensor | null;
  #released = false;
  readonly #versionA: number;
  readonly #versionB: number;
  readonly #versionC: number;
  readonly #versionY: number;
  // What the gradients have to look like; of numbers, nothing.
  readonly #shapeA: Shape | null;
  readonly #shapeB: Shape | null;
  readonly #shapeC: Shape | null;
  readonly #dtypeA: DType | null;
  readonly #dtypeB: DType | null;
  readonly #dtypeC: DType | null;

  /** `a` is what the gradient sees as the first operand: in place, a copy of `self` from before. */
  constructor(
    op: Elementwise,
    a: OperandArg,
    self: OperandArg,
    b: OperandArg | undefined,
    c: OperandArg | undefined,
    options: object | undefined,
    y: AnyTensor,
  ) {
    const { operands, saves } = op.def;
    if (operands === 1) super([edgeOf(self)], [outputOf(self)]);
    else if (operands === 2) super([edgeOf(self), edgeOf(b)], [outputOf(self), outputOf(b)]);
    else super([edgeOf(self), edgeOf(b), edgeOf(c)], [outputOf(self), outputOf(b), outputOf(c)]);
    this.#op = op;
    this.#options = options;
    const keepsInputs = saves === "inputs" || saves === "both";
    if (keepsInputs) {
      refuseInference(a);
      refuseInference(b);
      refuseInference(c);
    }
    this.#a = keepsInputs ? a : undefined;
    this.#b = keepsInputs ? b : undefined;
    this.#c = keepsInputs ? c : undefined;
    this.#y = saves === "output" || saves === "both" ? y : null;
    this.#versionA = versionOf(a);
    this.#versionB = versionOf(b);
    this.#versionC = versionOf(c);
    // In place, the result is there once the operand has been changed.
    this.#versionY = y === self ? y.storage.version + 1 : y.storage.version;
    this.#shapeA = shapeOf(a);
    this.#shapeB = shapeOf(b);
    this.#shapeC = shapeOf(c);
    this.#dtypeA = dtypeOf(a);
    this.#dtypeB = dtypeOf(b);
    this.#dtypeC = dtypeOf(c);
  }

  get name(): string {
    return functionName(this.#op.name);
  }

  backward(grads: Grad[]): Grad[] {
    const g = grads[0]!;
    const [a, b, c] = this.#op.def.vjp!;
    const { edges } = this;
    const first = a && edges[0] ? fitGradient(a(g, this), this.#shapeA!, this.#dtypeA!) : null;
    if (edges.length === 1) return [first];
    const second = b && edges[1] ? fitGradient(b(g, this), this.#shapeB!, this.#dtypeB!) : null;
    if (edges.length === 2) return [first, second];
    return [first, second, c && edges[2] ? fitGradient(c(g, this), this.#shapeC!, this.#dtypeC!) : null];
  }

  #saved(x: OperandArg | undefined, version: number): OperandArg | undefined {
    if (this.#released) throw freed();
    return x instanceof Tensor ? unchanged(x, version, this) : x;
  }
  get a(): SavedValue {
    return this.#saved(this.#a, this.#versionA);
  }
  get x(): SavedValue {
    return this.a;
  }
  get b(): SavedValue {
    return this.#saved(this.#b, this.#versionB);
  }
  get c(): SavedValue {
    return this.#saved(this.#c, this.#versionC);
  }
  get y(): SavedValue {
    if (this.#y === null) throw freed();
    return unchanged(this.#y, this.#versionY, this);
  }
  /** Operands, then the options. */
  at(i: number): SavedValue {
    const n = this.#op.def.operands;
    return i === n ? this.#options : i === 0 ? this.a : i === 1 ? this.b : this.c;
  }
  meta(i: number): SavedValue {
    return i === this.#op.def.operands ? this.#options : [this.#a, this.#b, this.#c][i];
  }

  override release(): void {
    this.#released = true;
    this.#a = undefined;
    this.#b = undefined;
    this.#c = undefined;
    this.#y = null;
  }
}
