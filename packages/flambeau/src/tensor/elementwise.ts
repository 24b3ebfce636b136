// Dispatch of elementwise ops: check, promote, broadcast, run the compiled nest, record.
// Floor L3 (tensor). Source: https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc

import type { MapKernel, Operand, StridedOperand } from "../backend/backend.ts";
import type { DType, Scalar } from "../base/dtype.ts";
import { dtypeIds, dtypeOfScalar, dtypes, getDefaultDType, isFloat, resultType } from "../base/dtype.ts";
import { ArgumentError, DTypeError, RuntimeError, ShapeError, showShape } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { broadcastShapes, broadcastStrides, contiguousStrides, numel, sameShape } from "../base/shape.ts";
import type { OperandSpec } from "../ir/nest.ts";
import type { Expr } from "../ir/scalar.ts";
import { ExprBuilder } from "../ir/scalar.ts";
import { HostAccess, recorder } from "./capturing.ts";
import { copyElements } from "./copy.ts";
import type { Complete, ElementwiseDef } from "./elementwise-def.ts";
import { complete } from "./elementwise-def.ts";
import { ElementwiseNode } from "./elementwise-node.ts";
import { mode } from "./grad-mode.ts";
import { exceptFew, hostKernel } from "./host-kernel.ts";
import { mapKernel } from "./kernels.ts";
import type { OperandArg } from "./operands.ts";
import {
  checkNumber,
  hasZero,
  isBool,
  isNumber,
  isSingle,
  isUniform,
  single,
  standingOf,
} from "./operands.ts";
import { readable } from "./overlap.ts";
import { checkInplace, finishInplace } from "./record.ts";
import { allocateFloat32, allocateUnset, Storage } from "./storage.ts";
import type { AnyTensor } from "./tensor.ts";
import { isTensor, Tensor } from "./tensor.ts";

const isHot = (t: AnyTensor): boolean => t.dtype === "float32" && t.packed;

/** One elementwise op: its definition and the kernels compiled for it so far. */
export class Elementwise {
  name: string;
  readonly def: Complete;
  readonly #kernels = new Map<number, MapKernel>();

  constructor(def: ElementwiseDef) {
    this.def = complete(def);
    this.name = def.name ?? "elementwise";
  }

  /**
   * One packed float32 tensor, the case that speed depends on; everything else goes to {@link call}.
   * In place, the result is written to the operand itself.
   */
  unary(a: OperandArg, options: object | undefined, inplace: boolean): AnyTensor {
    if (options === undefined && a instanceof Tensor && isHot(a) && !this.#waits()) {
      const kernel = (this.#v ??= this.#hotKernel([false]));
      if (kernel)
        return this.#runHot(kernel, a, a, undefined, undefined, inplace, a.storage.data, a.offset, 0, 0, 0);
    }
    return this.call(a, undefined, undefined, options, inplace ? (a as AnyTensor) : null);
  }

  /** Packed float32 tensors of one shape, or one of them and a single value; see {@link unary}. */
  binary(a: OperandArg, b: OperandArg, options: object | undefined, inplace: boolean): AnyTensor {
    const option = options === undefined ? 0 : this.#onlyOption(options);
    if (option !== null && a instanceof Tensor && a.dtype === "float32" && !this.#waits()) {
      const x = a.storage.data;
      if (typeof b === "number") {
        const kernel =
          a.packed && options === undefined && this.def.tensors === 0
            ? (this.#vs ??= this.#hotKernel([false, true]))
            : null;
        if (kernel) return this.#runHot(kernel, a, a, b, options, inplace, x, a.offset, b, 0, 0);
      } else if (b instanceof Tensor && b.dtype === "float32") {
        const y = b.storage.data;
        const alike = sameShape(a.shape, b.shape);
        const shifted = inplace && a.storage.data === b.storage.data && a.offset !== b.offset;
        if (alike && a.packed && b.packed && !shifted) {
          const kernel =
            options === undefined
              ? (this.#vv ??= this.#hotKernel([false, false]))
              : (this.#vvo ??= this.#hotKernel([false, false], options));
          if (kernel)
            return this.#runHot(kernel, a, a, b, options, inplace, x, a.offset, y, b.offset, option);
        } else if (
          options === undefined &&
          recorder === null &&
          a.packed &&
          isUniform(b) &&
          (alike || (b.ndim <= a.ndim && b.numel() === 1))
        ) {
          const kernel = (this.#vs ??= this.#hotKernel([false, true]));
          if (kernel)
            return this.#runHot(kernel, a, a, b, options, inplace, x, a.offset, y[b.offset] as number, 0, 0);
        } else if (
          options === undefined &&
          recorder === null &&
          alike &&
          b.packed &&
          isUniform(a) &&
          !inplace
        ) {
          const kernel = (this.#sv ??= this.#hotKernel([true, false]));
          if (kernel)
            return this.#runHot(kernel, b, a, b, options, false, x[a.offset] as number, 0, y, b.offset, 0);
        }
      }
    }
    return this.call(a, b, undefined, options, inplace ? (a as AnyTensor) : null);
  }

  /** Whether the op, of float32, is left to the run of a program that is being recorded. */
  #waits(): boolean {
    return recorder !== null && (this.def.host?.("float32") ?? null) !== null;
  }

  /** The value of the one option that the op has, if it is a number: `alpha` of add and sub. */
  #onlyOption(options: object): number | null {
    const names = this.def.options;
    if (names.length !== 1) return null;
    const value = (options as Record<string, unknown>)[names[0]!];
    return typeof value === "number" ? value : null;
  }

  #v: MapKernel | null | undefined;
  #vv: MapKernel | null | undefined;
  #vs: MapKernel | null | undefined;
  #sv: MapKernel | null | undefined;
  #vvo: MapKernel | null | undefined;

  /** A kernel from float32 operands to the op's natural result; null if the op does not take floats. */
  #hotKernel(scalars: readonly boolean[], options?: object): MapKernel | null {
    if (this.def.refuses.includes("float")) return null;
    const out = this.def.result === "bool" ? "bool" : "float32";
    const arrays = scalars.map((scalar) => (scalar ? null : ("float32" as const)));
    const kernel = this.#compile("float32", out, arrays, options);
    return this.def.few ? exceptFew(kernel, this.def.few) : kernel;
  }

  /** Runs a kernel on the operands x, y and option; the result is like the packed tensor `like`, one of a and b. */
  #runHot(
    kernel: MapKernel,
    like: AnyTensor,
    a: AnyTensor,
    b: OperandArg | undefined,
    options: object | undefined,
    inplace: boolean,
    x: Operand,
    xOffset: number,
    y: Operand,
    yOffset: number,
    option: number,
  ): AnyTensor {
    const { def } = this;
    const n = like.numel();
    const recording =
      mode.grad && def.vjp !== null && (a.requiresGrad || (b instanceof Tensor && b.requiresGrad));
    if (inplace) {
      // Recorded changes, and results of another dtype, need what call() checks.
      if (recording || def.result === "bool" || a.storage.inference)
        return this.call(a, b, undefined, options, a);
      if (n > 0) kernel.run(n, a.storage.data, a.offset, x, xOffset, y, yOffset, option, 0, 0, 0);
      a.storage.version++;
      return a;
    }
    const bool = def.result === "bool";
    const data = bool ? allocateUnset("bool", n) : allocateFloat32(n);
    if (n > 0) kernel.run(n, data, 0, x, xOffset, y, yOffset, option, 0, 0, 0);
    const dtype = bool ? "bool" : "float32";
    const out: AnyTensor = new Tensor(new Storage(data), like.shape, dtype, like.strides, 0, true, null);
    if (recording) out.setHistory(new ElementwiseNode(this, a, a, b, undefined, options, out), 0);
    return out;
  }

  /**
   * Computes the op. With `into`, writes the result there (an in-place call, `into` being the first operand);
   * otherwise into new memory.
   */
  call(
    a: OperandArg,
    b: OperandArg | undefined,
    c: OperandArg | undefined,
    options: object | undefined,
    into: AnyTensor | null,
  ): AnyTensor {
    const { def } = this;
    const count = def.operands;
    this.#check(a, 0);
    if (count > 1) this.#check(b, 1);
    if (count > 2) this.#check(c, 2);
    if (
      !isTensor(a) &&
      def.numberFirst !== "always" &&
      (def.numberFirst === "never" || !(isTensor(b) || isTensor(c)))
    )
      throw new ArgumentError(`${this.name}(): argument 1 must be a Tensor, not ${typeof a}`);
    def.check?.(this.name, [a, b, c].slice(0, count) as OperandArg[]);
    const common = this.#commonDType(a, b, c, options);
    const kind = dtypes[common].kind;
    if (def.refusesAnyBool && (isBool(a) || isBool(b)))
      throw new DTypeError(this.name, this.#refusal("bool"));
    if (def.refuses.includes(kind)) throw new DTypeError(this.name, this.#refusal(common));
    const compute =
      def.result === "float" && kind !== "float"
        ? getDefaultDType()
        : def.result === "number" && kind === "bool"
          ? "int32"
          : common;
    // While a function is captured, what looks at values waits for the run.
    const later = recorder !== null && (def.host?.(compute) ?? null) !== null;
    if (def.integerDivisor && kind === "int") this.#checkDivisor(b!);
    const natural: DType = def.result === "bool" ? "bool" : compute;

    let shape: Shape = isTensor(a) ? a.shape : [];
    if (count > 1 && isTensor(b)) shape = broadcastShapes(shape, b.shape, this.name);
    if (count > 2 && isTensor(c)) shape = broadcastShapes(shape, c.shape, this.name);
    if (into) this.#checkInto(into, shape, natural);
    const y = into && isTensor(b) ? readable(b, into, `${this.name}_`) : b;
    const z = into && isTensor(c) ? readable(c, into, `${this.name}_`) : c;

    const outDType = into ? into.dtype : natural;
    const recording =
      mode.grad &&
      def.vjp !== null &&
      isFloat(natural) &&
      ((isTensor(a) && a.requiresGrad) || (isTensor(b) && b.requiresGrad) || (isTensor(c) && c.requiresGrad));
    // In place, a gradient that looks at the first operand needs its value from before.
    const first = into && recording && (def.saves === "inputs" || def.saves === "both") ? into.clone() : a;
    const node = into && recording ? new ElementwiseNode(this, first, into, b, c, options, into) : null;

    const n = numel(shape);
    const out =
      into ??
      new Tensor(
        new Storage(allocateUnset(outDType, n)),
        shape,
        outDType,
        this.#stridesLike(a, b, shape),
        0,
        true,
        null,
      );
    if (later) this.#runLater(out, a, y, z, options);
    else if (n > 0) this.#run(n, shape, compute, out, a, y, z, options, into !== null);
    if (into) finishInplace(into, node);
    else if (recording) out.setHistory(new ElementwiseNode(this, a, a, b, c, options, out), 0);
    return out;
  }

  /** Computes `out` by a call of the op in every run of the program that is being recorded. */
  #runLater(
    out: AnyTensor,
    a: OperandArg,
    b: OperandArg | undefined,
    c: OperandArg | undefined,
    options: object | undefined,
  ): void {
    const f = (x: OperandArg, y?: OperandArg, z?: OperandArg, o?: object): AnyTensor => {
      if (recorder !== null) throw new HostAccess("elements were read");
      return this.call(x, y, z, o, null);
    };
    copyElements(out, recorder!.call(this.name, f, [a, b, c, options]) as AnyTensor);
  }

  /** Refuses 0: now, or in every run of the program that is being recorded. */
  #checkDivisor(b: OperandArg): void {
    const refuse = (): never => {
      throw new RuntimeError(`${this.name}: ZeroDivisionError: integer division by zero`);
    };
    if (recorder === null || !isTensor(b)) {
      if (hasZero(b)) refuse();
      return;
    }
    recorder.check(this.name, b, (elements) => {
      for (const v of elements) if (Number(v) === 0) refuse();
    });
  }

  #check(x: unknown, position: number): void {
    if (isTensor(x)) return;
    if (isNumber(x) && position >= this.def.tensors) return;
    const shown =
      x === null ? "null" : Array.isArray(x) ? "an array (make it a tensor with torch.tensor)" : typeof x;
    const expected = position < this.def.tensors ? "a Tensor" : "a Tensor or a number";
    throw new ArgumentError(`${this.name}(): argument ${position + 1} must be ${expected}, not ${shown}`);
  }

  #refusal(common: DType): string {
    const article = dtypes[common].kind === "bool" ? "bool tensors" : `${common} tensors`;
    return `${this.name}: not implemented for '${dtypes[common].scalarName}': it does not take ${article}; convert with .to("float32") or another dtype first`;
  }

  #commonDType(
    a: OperandArg,
    b: OperandArg | undefined,
    c: OperandArg | undefined,
    options: object | undefined,
  ): DType {
    const count = this.def.operands;
    // The common cases: one dtype, and numbers beside floats.
    if (isTensor(a)) {
      const dtype: DType = a.dtype;
      const plain = (x: OperandArg | undefined): boolean =>
        isTensor(x)
          ? x.dtype === dtype
          : isFloat(dtype) || (typeof x === "number" && dtypes[dtype].kind === "int" && Number.isInteger(x));
      if ((count < 2 || plain(b)) && (count < 3 || plain(c)) && options === undefined) return dtype;
    }
    const seen = [a, b, c].slice(0, count).map((x) => ({
      dtype: isTensor(x) ? x.dtype : dtypeOfScalar(x as Scalar),
      standing: standingOf(x as OperandArg),
    }));
    const common = resultType(seen);
    for (const name of this.def.options) {
      const v = (options as Record<string, unknown> | undefined)?.[name];
      if (v === undefined || this.def.cutsOptions || this.def.result === "float") continue;
      if (typeof v === "number" && !isFloat(common) && !Number.isInteger(v))
        throw new RuntimeError(
          `${this.name}: For integral input tensors, argument ${name} must not be a floating point number.`,
        );
    }
    return common;
  }

  #checkInto(into: AnyTensor, shape: Shape, natural: DType): void {
    if (!sameShape(into.shape, shape))
      throw new ShapeError(
        this.name,
        [into.shape, shape],
        `${this.name}_: output with shape ${showShape(into.shape)} doesn't match the broadcast shape ${showShape(shape)}`,
      );
    const order = { bool: 0, int: 1, float: 2 };
    const target: DType = into.dtype;
    if (order[dtypes[natural].kind] > order[dtypes[target].kind])
      throw new DTypeError(
        this.name,
        `${this.name}_: result type ${dtypes[natural].scalarName} can't be cast to the desired output type ${dtypes[target].scalarName}`,
      );
    checkInplace(into, `${this.name}_`);
  }

  #stridesLike(a: OperandArg, b: OperandArg | undefined, shape: Shape): readonly number[] {
    if (isTensor(a) && a.packed && a.shape === shape) return a.strides;
    if (isTensor(b) && b.packed && b.shape === shape) return b.strides;
    return contiguousStrides(shape);
  }

  #run(
    n: number,
    shape: Shape,
    compute: DType,
    out: AnyTensor,
    a: OperandArg,
    b: OperandArg | undefined,
    c: OperandArg | undefined,
    options: object | undefined,
    inplace: boolean,
  ): void {
    const { def } = this;
    const count = def.operands;
    // Which kernel: the dtypes, and which operands are single numbers.
    let key = dtypeIds[compute] * 8 + dtypeIds[out.dtype as DType];
    let strided = !out.packed;
    let x: Operand = 0;
    let y: Operand = 0;
    let z: Operand = 0;
    let xo = 0;
    let yo = 0;
    let zo = 0;
    if (isTensor(a) && !isSingle(a, inplace)) {
      x = a.storage.data;
      xo = a.offset;
      key = key * 8 + dtypeIds[a.dtype as DType];
      if (!a.packed || !sameShape(a.shape, shape)) strided = true;
    } else {
      x = single(a, compute);
      key = key * 8 + 7;
    }
    if (count > 1) {
      if (isTensor(b) && !isSingle(b, false)) {
        y = b.storage.data;
        yo = b.offset;
        key = key * 8 + dtypeIds[b.dtype as DType];
        if (!b.packed || !sameShape(b.shape, shape)) strided = true;
      } else {
        y = single(b!, compute);
        key = key * 8 + 7;
      }
    }
    if (count > 2) {
      if (isTensor(c) && !isSingle(c, false)) {
        z = c.storage.data;
        zo = c.offset;
        key = key * 8 + dtypeIds[c.dtype as DType];
        if (!c.packed || !sameShape(c.shape, shape)) strided = true;
      } else {
        z = single(c!, compute);
        key = key * 8 + 7;
      }
    }
    let extra: number[] | null = null;
    if (options !== undefined && def.options.length > 0) {
      extra = [];
      for (let i = 0; i < def.options.length; i++) {
        const v = (options as Record<string, unknown>)[def.options[i]!];
        if (v === undefined || v === null) key *= 2;
        else {
          const value = checkNumber(v, def.options[i]!, this.name);
          extra.push(isFloat(compute) ? value : Math.trunc(value));
          key = key * 2 + 1;
        }
      }
    } else key *= 2 ** def.options.length;

    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = this.#compile(
        compute,
        out.dtype,
        [x, y, z]
          .slice(0, count)
          .map((v, i) => (typeof v === "number" ? null : ([a, b, c][i] as AnyTensor).dtype)),
        options,
      );
      this.#kernels.set(key, kernel);
    }
    if (strided) {
      const operand = (t: OperandArg | undefined, data: Operand, offset: number): StridedOperand =>
        typeof data === "number"
          ? { data, offset: 0, strides: [] }
          : {
              data,
              offset,
              strides: broadcastStrides((t as AnyTensor).shape, (t as AnyTensor).strides, shape),
            };
      const list = [operand(a, x, xo)];
      if (count > 1) list.push(operand(b, y, yo));
      if (count > 2) list.push(operand(c, z, zo));
      for (const v of extra ?? []) list.push({ data: v, offset: 0, strides: [] });
      kernel.runStrided(shape, { data: out.storage.data, offset: out.offset, strides: out.strides }, list);
      return;
    }
    const data = out.storage.data;
    if (!extra) kernel.run(n, data, out.offset, x, xo, y, yo, z, zo, 0, 0);
    else {
      // Options follow the operands.
      const all: Operand[] = [x, y, z].slice(0, count);
      all.push(...extra);
      kernel.run(n, data, out.offset, all[0] ?? 0, xo, all[1] ?? 0, yo, all[2] ?? 0, zo, all[3] ?? 0, 0);
    }
  }

  #compile(
    compute: DType,
    out: DType,
    arrays: readonly (DType | null)[],
    options: object | undefined,
  ): MapKernel {
    const k = new ExprBuilder();
    const specs: OperandSpec[] = [];
    const operand = (dtype: DType | null): Expr => {
      specs.push({ dtype: dtype ?? compute, scalar: dtype === null });
      return k.cast(k.input(specs.length - 1, dtype ?? compute), compute);
    };
    const exprs: (Expr | undefined)[] = arrays.map(operand);
    for (const name of this.def.options) {
      const v = (options as Record<string, unknown> | undefined)?.[name];
      exprs.push(v === undefined || v === null ? undefined : operand(null));
    }
    const host = this.def.host?.(compute) ?? null;
    if (host) return hostKernel(host, compute, out);
    const body = k.cast(this.def.lower!(k, ...(exprs as Expr[])), out);
    return mapKernel({ kind: "map", name: this.name, operands: specs, body });
  }
}
