// The recorded call of an elementwise op. Most nodes of most graphs are of this class, so it is kept small.
// Floor L3 (tensor).

import type { DType } from "../base/dtype.ts";
import type { Shape } from "../base/shape.ts";
import type { Elementwise, OperandArg } from "./elementwise.ts";
import type { Grad, Saved, SavedValue } from "./node.ts";
import { freed, Node, unchanged } from "./node.ts";
import { fitGradient } from "./record.ts";
import type { AnyTensor } from "./tensor.ts";
import { Tensor } from "./tensor.ts";

/** Edges of the operands that are tensors, in order; numbers have none. */
function edgesOf(operands: readonly (OperandArg | undefined)[]): {
  edges: (Node | null)[];
  outputs: number[];
} {
  const edges: (Node | null)[] = [];
  const outputs: number[] = [];
  for (const x of operands) {
    if (!(x instanceof Tensor)) continue;
    edges.push(x.gradEdge());
    outputs.push(x.outputNumber);
  }
  return { edges, outputs };
}

export class ElementwiseNode extends Node implements Saved {
  readonly #op: Elementwise;
  #a: OperandArg | null;
  #b: OperandArg | undefined;
  #c: OperandArg | undefined;
  #y: AnyTensor | null;
  readonly #options: object | undefined;
  readonly #versionA: number;
  readonly #versionB: number;
  readonly #versionC: number;
  readonly #versionY: number;
  /** Shape and dtype of each tensor operand, and which operand it is. */
  readonly #shapes: Shape[] = [];
  readonly #dtypes: DType[] = [];
  readonly #positions: number[] = [];

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
    const { edges, outputs } = edgesOf([self, b, c]);
    super(edges, outputs);
    this.#op = op;
    const saves = op.def.saves ?? "inputs";
    const inputs = saves === "inputs" || saves === "both";
    this.#a = inputs ? a : null;
    this.#b = inputs ? b : undefined;
    this.#c = inputs ? c : undefined;
    this.#y = saves === "inputs" ? null : y;
    this.#options = options;
    this.#versionA = this.#describe(a, 0);
    this.#versionB = this.#describe(b, 1);
    this.#versionC = this.#describe(c, 2);
    this.#versionY = y.storage.version;
  }

  #describe(x: OperandArg | undefined, position: number): number {
    if (!(x instanceof Tensor)) return 0;
    this.#shapes.push(x.shape);
    this.#dtypes.push(x.dtype);
    this.#positions.push(position);
    return x.storage.version;
  }

  get name(): string {
    const { name } = this.#op;
    return `${name[0]!.toUpperCase()}${name.slice(1)}Backward0`;
  }

  backward(grads: Grad[]): Grad[] {
    const g = grads[0]!;
    const vjp = this.#op.def.vjp!;
    const { edges } = this;
    const results: Grad[] = [];
    for (let i = 0; i < edges.length; i++) {
      const f = vjp[this.#positions[i]!];
      results.push(
        edges[i] !== null && f ? fitGradient(f(g, this), this.#shapes[i]!, this.#dtypes[i]!) : null,
      );
    }
    return results;
  }

  #saved(x: OperandArg | null | undefined, version: number): OperandArg | undefined {
    if (this.#a === null) throw freed();
    return x instanceof Tensor ? unchanged(x, version, this) : (x as OperandArg | undefined);
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
    this.#a = null;
    this.#b = undefined;
    this.#c = undefined;
    this.#y = null;
  }
}
