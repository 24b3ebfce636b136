// Derivatives of functions as functions: Jacobians, Hessians, and their products with vectors.
// Floor L5 (autograd). Source: https://pytorch.org/docs/stable/autograd.html#functional-higher-level-api

import { ArgumentError, RuntimeError, showShape } from "../base/errors.ts";
import { numel, sameShape } from "../base/shape.ts";
import type { Shape } from "../base/types/index.ts";
import { stack } from "../ops/join.ts";
import { grad } from "../tensor/engine.ts";
import { enableGrad, isGradEnabled, withGrad } from "../tensor/grad-mode.ts";
import type { Grad } from "../tensor/node.ts";
import type { AnyTensor, DtOf, ShapeOf, Tensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

/** One tensor, or several. */
export type Tensors = AnyTensor | readonly AnyTensor[];

/** The function to differentiate: of one tensor for each of the inputs. */
// biome-ignore lint/suspicious/noExplicitAny: inputs are tensors of any kind, which differ by function.
export type TensorFunction<Y extends Tensors = Tensors> = (...inputs: any[]) => Y;

/** Options of all functions here. */
export interface FunctionalOptions {
  /** Record the computation of the result, so that it can be differentiated itself. Default false. */
  readonly createGraph?: boolean;
  /** Throw where a result does not depend on an input; else it counts as 0. Default false. */
  readonly strict?: boolean;
}

/** A tensor for a tensor, a list for a list. */
export type InFormOf<X> = X extends AnyTensor ? Tensor<ShapeOf<X>, DtOf<X>> : AnyTensor[];

type Both<S, T> = S extends readonly unknown[]
  ? T extends readonly unknown[]
    ? [...S, ...T]
    : Shape
  : Shape;
type JacobianRow<Y, X> = X extends AnyTensor
  ? Y extends AnyTensor
    ? Tensor<Both<ShapeOf<Y>, ShapeOf<X>>, DtOf<Y>>
    : AnyTensor
  : AnyTensor[];
/** For a list of outputs a list, each entry of which is a tensor, or for a list of inputs a list of tensors. */
export type JacobianOf<Y, X> = Y extends AnyTensor ? JacobianRow<Y, X> : JacobianRow<AnyTensor, X>[];

/** Several tensors, and whether the user gave or wants a list. */
interface Bundle {
  readonly list: readonly AnyTensor[];
  readonly several: boolean;
}

function bundle(x: unknown, what: string, op: string): Bundle {
  const several = Array.isArray(x);
  const list = (several ? x : [x]) as AnyTensor[];
  list.forEach((t, i) => {
    if (!isTensor(t))
      throw new ArgumentError(
        `The ${what} given to ${op} must be either a Tensor or a list of Tensors but the ${several ? `value at index ${i}` : `given ${what}`} has type ${t === null ? "null" : typeof t}.`,
      );
  });
  return { list, several };
}

const inFormOf = (form: Bundle, list: readonly unknown[]): unknown => (form.several ? list : list[0]);

/** New tensors for the function, so that an input and the same tensor in a closure are told apart. */
const prepared = (x: Bundle, createGraph: boolean, differentiable: boolean): Bundle => ({
  list: x.list.map((t) =>
    createGraph && t.requiresGrad ? t.view(t.shape) : t.detach().requiresGrad_(differentiable),
  ),
  several: x.several,
});

/** Results for the user: without history, unless it was asked for. */
const finished = (list: readonly AnyTensor[], createGraph: boolean): readonly AnyTensor[] =>
  createGraph ? list : list.map((t) => t.detach());

/** Gradients of those outputs that have any; null for inputs that none of them depends on. */
function pullback(
  outputs: readonly Grad[],
  inputs: readonly AnyTensor[],
  upstream: readonly (AnyTensor | null)[] | null,
  options: { readonly createGraph?: boolean; readonly retainGraph?: boolean },
): Grad[] {
  const outs: AnyTensor[] = [];
  const ups: (AnyTensor | null)[] = [];
  outputs.forEach((y, i) => {
    if (!y?.requiresGrad) return;
    outs.push(y);
    ups.push(upstream?.[i] ?? null);
  });
  if (outs.length === 0) return inputs.map(() => null);
  return grad(outs, inputs, { ...options, gradOutputs: ups, allowUnused: true });
}

const independent = (what: string, why: string): RuntimeError =>
  new RuntimeError(`${what} ${why} This is not allowed in strict mode.`);

/** Refuses tensors without history in strict mode. */
function checkRecorded(list: readonly Grad[], strict: boolean, say: (i: number) => RuntimeError): void {
  if (!strict) return;
  list.forEach((t, i) => {
    if (!t?.requiresGrad) throw say(i);
  });
}

const unrecordedOutput = (i: number): RuntimeError =>
  new RuntimeError(
    `Output ${i} of the user-provided function does not require gradients. The outputs must be computed in a ` +
      "differentiable manner from the input when running in strict mode.",
  );
const unusedInput = (i: number): RuntimeError =>
  independent("The output of the user-provided function", `is independent of input ${i}.`);
const constantGradient = (i: number): RuntimeError =>
  independent(
    `The gradient with respect to input ${i}`,
    "is independent of the inputs of the user-provided function.",
  );
const constantJacobian = (i: number): RuntimeError =>
  independent(
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input " +
      `${i}`,
    "is independent of the input.",
  );

/** Zeros where nothing flows; an error in strict mode. */
function filled(
  grads: readonly Grad[],
  like: readonly AnyTensor[],
  strict: boolean,
  say: (i: number) => RuntimeError,
): AnyTensor[] {
  return grads.map((g, i) => {
    if (g) return g;
    if (strict) throw say(i);
    return like[i]!.detach().zerosLike();
  });
}

function checkVector(v: Bundle, other: Bundle): void {
  if (v.list.length !== other.list.length)
    throw new RuntimeError(
      other.several
        ? `v is a list of invalid length: should be ${other.list.length} but got ${v.list.length}.`
        : "The given v should contain a single Tensor.",
    );
  v.list.forEach((t, i) => {
    const want = other.list[i]!.shape as Shape;
    if (!sameShape(t.shape, want))
      throw new RuntimeError(
        `${other.several ? `Entry ${i} in ` : ""}v has invalid size: should be ${showShape(want)} but got ${showShape(t.shape)}.`,
      );
  });
}

/** The vector of a product; may be left out where there is one number on its side. */
function vectorFor(
  v: Tensors | null | undefined,
  side: Bundle,
  createGraph: boolean,
  op: string,
  where: string,
): readonly AnyTensor[] | null {
  if (v === null || v === undefined) {
    if (side.list.length !== 1 || side.list[0]!.numel() !== 1)
      throw new RuntimeError(
        `The vector v can only be None if ${where} a single Tensor with a single element.`,
      );
    return null;
  }
  const vector = prepared(bundle(v, "v", op), createGraph, false);
  checkVector(vector, side);
  return vector.list;
}

const outputIs = "the user-provided function returns";
const inputIs = "the input to the user-provided function is";

/** The value, which must be one number, and the gradients of it, recorded. */
function valueAndGradient(
  fn: TensorFunction,
  inputs: Bundle,
  op: string,
  strict: boolean,
): [AnyTensor, readonly Grad[]] {
  const out = fn(...inputs.list) as unknown;
  const outputs = bundle(out, "outputs of the user-provided function", op);
  checkRecorded(outputs.list, strict, unrecordedOutput);
  if (outputs.several) throw new RuntimeError(`The function given to ${op} should return a single Tensor`);
  const y = outputs.list[0]!;
  if (y.numel() !== 1)
    throw new RuntimeError(
      `The Tensor returned by the function given to ${op} should contain a single element`,
    );
  const gradient = pullback([y], inputs.list, null, { createGraph: true });
  checkRecorded(gradient, strict, constantJacobian);
  return [y, gradient];
}

/**
 * The function's value, and v^T J: the product of a vector with the Jacobian, by one backward pass.
 *
 * @param fn a function of the inputs, to a tensor or a list
 * @param inputs a tensor or a list
 * @param v of the outputs' shapes; may be left out for one output of one element
 * @returns the outputs, and the products in the form of `inputs`
 * @throws RuntimeError for a `v` of another shape; in strict mode, where something does not depend on an input
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html
 */
export function vjp<X extends Tensors, Y extends Tensors>(
  fn: TensorFunction<Y>,
  inputs: X,
  v?: Tensors | null,
  options: FunctionalOptions = {},
): [outputs: InFormOf<Y>, vjp: InFormOf<X>] {
  const { createGraph = false, strict = false } = options;
  const x = prepared(bundle(inputs, "inputs", "vjp"), createGraph, true);
  const { y, vector } = enableGrad(() => {
    const y = bundle(fn(...x.list), "outputs of the user-provided function", "vjp");
    checkRecorded(y.list, strict, unrecordedOutput);
    return { y, vector: vectorFor(v, y, createGraph, "vjp", outputIs) };
  });
  const products = withGrad(createGraph || isGradEnabled(), () =>
    filled(pullback(y.list, x.list, vector, { createGraph }), x.list, strict, unusedInput),
  );
  return [
    inFormOf(y, finished(y.list, createGraph)) as InFormOf<Y>,
    inFormOf(x, finished(products, createGraph)) as InFormOf<X>,
  ];
}

/**
 * The function's value, and J v: the product of the Jacobian with a vector. The vjp is linear in its vector, so that
 * its own vjp is J v: two backward passes.
 *
 * @param fn a function of the inputs, to a tensor or a list
 * @param inputs a tensor or a list
 * @param v of the inputs' shapes; may be left out for one input of one element
 * @returns the outputs, and the products in the form of the outputs
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.jvp.html
 */
export function jvp<X extends Tensors, Y extends Tensors>(
  fn: TensorFunction<Y>,
  inputs: X,
  v?: Tensors | null,
  options: FunctionalOptions = {},
): [outputs: InFormOf<Y>, jvp: InFormOf<Y>] {
  const { createGraph = false, strict = false } = options;
  const x = prepared(bundle(inputs, "inputs", "jvp"), createGraph, true);
  const vector = vectorFor(v, x, createGraph, "jvp", inputIs);
  const { y, upstream, back } = enableGrad(() => {
    const y = bundle(fn(...x.list), "outputs of the user-provided function", "jvp");
    checkRecorded(y.list, strict, unrecordedOutput);
    const upstream = y.list.map((t) => t.detach().zerosLike().requiresGrad_());
    const back = pullback(y.list, x.list, upstream, { createGraph: true });
    checkRecorded(back, strict, constantGradient);
    return { y, upstream, back };
  });
  const constant = (i: number): RuntimeError =>
    independent("The gradient with respect to the input", `is independent of entry ${i} of the outputs.`);
  const products = withGrad(createGraph || isGradEnabled(), () =>
    filled(pullback(back, upstream, vector, { createGraph }), y.list, strict, constant),
  );
  return [
    inFormOf(y, finished(y.list, createGraph)) as InFormOf<Y>,
    inFormOf(y, finished(products, createGraph)) as InFormOf<Y>,
  ];
}

/**
 * The Jacobian: d y_i / d x_j for all elements, by one backward pass for each element of the outputs.
 *
 * **Shape** that of the output followed by that of the input.
 * @param fn a function of the inputs, to a tensor or a list
 * @param inputs a tensor or a list
 * @returns for a list of outputs a list; within, for a list of inputs a list
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html
 * @example
 * const x = torch.tensor([1, 2, 3], { dtype: "float64" });
 * autograd.functional.jacobian((t) => t.square(), x); // diag(2, 4, 6)
 */
export function jacobian<X extends Tensors, Y extends Tensors>(
  fn: TensorFunction<Y>,
  inputs: X,
  options: FunctionalOptions = {},
): JacobianOf<Y, X> {
  const { createGraph = false, strict = false } = options;
  const x = prepared(bundle(inputs, "inputs", "jacobian"), createGraph, true);
  return enableGrad(() => {
    const y = bundle(fn(...x.list), "outputs of the user-provided function", "jacobian");
    checkRecorded(y.list, strict, unrecordedOutput);
    const blocks = y.list.map((out) => inFormOf(x, jacobianOf(out, x.list, createGraph, strict)));
    return inFormOf(y, blocks) as JacobianOf<Y, X>;
  });
}

/** The Jacobian of one output for each input. */
function jacobianOf(
  out: AnyTensor,
  inputs: readonly AnyTensor[],
  createGraph: boolean,
  strict: boolean,
): AnyTensor[] {
  const n = numel(out.shape);
  const rows: AnyTensor[][] = inputs.map(() => []);
  for (let i = 0; i < n; i++) {
    const unit: AnyTensor = out.detach().newZeros([n]);
    unit.storage.data[i] = 1;
    const upstream = unit.reshape(out.shape);
    const grads = pullback([out], inputs, [upstream], { createGraph, retainGraph: true });
    if (createGraph) checkRecorded(grads, strict, constantJacobian);
    filled(grads, inputs, strict, unusedInput).forEach((g, k) => rows[k]!.push(g));
  }
  return inputs.map((x, k) => {
    const shape = [...(out.shape as Shape), ...(x.shape as Shape)];
    if (n === 0) return x.detach().newZeros(shape);
    const whole: AnyTensor = stack(rows[k]!).reshape(shape);
    return createGraph ? whole : whole.detach();
  });
}

/**
 * The Hessian of a function with one number as result: the Jacobian of its gradient.
 *
 * **Shape** that of the input twice.
 * @param fn a function of the inputs, to a tensor of one element
 * @param inputs a tensor, or a list: then the result is a list of lists
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html
 */
export function hessian<X extends Tensors>(
  fn: TensorFunction<AnyTensor>,
  inputs: X,
  options: FunctionalOptions = {},
): X extends AnyTensor ? JacobianOf<X, X> : AnyTensor[][] {
  const { strict = false } = options;
  const several = bundle(inputs, "inputs", "hessian").several;
  const gradient = (...xs: AnyTensor[]): Tensors => {
    const [, grads] = valueAndGradient(fn, { list: xs, several }, "hessian", strict);
    const list = filled(grads, xs, strict, unusedInput);
    return several ? list : list[0]!;
  };
  return jacobian(gradient, inputs, options) as X extends AnyTensor ? JacobianOf<X, X> : AnyTensor[][];
}

/**
 * The value of a function with one number as result, and v^T H: the product of a vector with the Hessian, by two backward
 * passes.
 *
 * @param v of the inputs' shapes; may be left out for one input of one element
 * @returns the value, and the products in the form of `inputs`
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.vhp.html
 */
export function vhp<X extends Tensors>(
  fn: TensorFunction<AnyTensor>,
  inputs: X,
  v?: Tensors | null,
  options: FunctionalOptions = {},
): [output: AnyTensor, vhp: InFormOf<X>] {
  const { createGraph = false, strict = false } = options;
  const x = prepared(bundle(inputs, "inputs", "vhp"), createGraph, true);
  const vector = vectorFor(v, x, createGraph, "vhp", inputIs);
  const [y, gradient] = enableGrad(() => valueAndGradient(fn, x, "vhp", strict));
  const products = withGrad(createGraph || isGradEnabled(), () =>
    filled(pullback(gradient, x.list, vector, { createGraph }), x.list, strict, constantJacobian),
  );
  return [finished([y], createGraph)[0]!, inFormOf(x, finished(products, createGraph)) as InFormOf<X>];
}

/**
 * The value of a function with one number as result, and H v: the product of the Hessian with a vector. The Hessian is
 * symmetric where it is continuous, so this is {@link vhp}, without the third backward pass that PyTorch makes.
 *
 * @param v of the inputs' shapes; may be left out for one input of one element
 * @returns the value, and the products in the form of `inputs`
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.functional.hvp.html
 */
export function hvp<X extends Tensors>(
  fn: TensorFunction<AnyTensor>,
  inputs: X,
  v?: Tensors | null,
  options: FunctionalOptions = {},
): [output: AnyTensor, hvp: InFormOf<X>] {
  return vhp(fn, inputs, v, options);
}
