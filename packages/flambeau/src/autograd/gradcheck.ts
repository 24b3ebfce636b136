// Checks gradients against finite differences.
// Floor L5 (autograd). Source: https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.html

import { isFloat } from "../base/dtype.ts";
import { RuntimeError, ShapeError, showShape, ValueError } from "../base/errors.ts";
import { Generator } from "../base/generator.ts";
import type { FloatArray } from "../base/random/index.ts";
import { fillUniform } from "../base/random/index.ts";
import { numel, sameShape } from "../base/shape.ts";
import { grad } from "../tensor/engine.ts";
import { enableGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh, isTensor } from "../tensor/tensor.ts";

/** A function whose gradients are checked: of the inputs in order, to a tensor or a list of them. */
// biome-ignore lint/suspicious/noExplicitAny: inputs are tensors of any kind, which differ by function.
export type Differentiable = (...inputs: any[]) => AnyTensor | readonly AnyTensor[];

/** Options of {@link gradcheck}. */
export interface GradcheckOptions {
  /** Half of the step of a finite difference. Default 1e-6. */
  readonly eps?: number;
  /** Absolute tolerance. Default 1e-5. */
  readonly atol?: number;
  /** Relative tolerance. Default 1e-3. */
  readonly rtol?: number;
  /** Whether a mismatch throws; otherwise the result is false. Default true. */
  readonly raiseException?: boolean;
}

/** Gradients that do not agree; the message says where. */
export class GradcheckError extends RuntimeError {
  override name = "GradcheckError";
}

const listed = (x: AnyTensor | readonly AnyTensor[]): AnyTensor[] => (isTensor(x) ? [x] : [...x]);

/**
 * Compares the gradients of `fn` with central differences, (f(x + eps) - f(x - eps)) / (2 eps), for every element of
 * every input that requires grad and every element of every result: |analytic - numeric| <= atol + rtol |numeric|.
 *
 * @param fn a function of the inputs; it must be the same function every time
 * @param inputs float64 tensors; those that require grad are checked. Their elements are changed and put back
 * @param options `eps` 1e-6, `atol` 1e-5, `rtol` 1e-3, `raiseException` true
 * @returns true, or false for a mismatch without `raiseException`
 * @throws GradcheckError naming input, result, element, and both gradients
 * @throws ValueError if no input requires grad
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.html
 * @example
 * const x = torch.rand(3, { dtype: "float64", requiresGrad: true });
 * autograd.gradcheck((x) => x.square().sum(), [x]); // true
 */
export function gradcheck(
  fn: Differentiable,
  inputs: AnyTensor | readonly AnyTensor[],
  options: GradcheckOptions = {},
): boolean {
  const { raiseException = true } = options;
  try {
    check(fn, listed(inputs), options);
    return true;
  } catch (error) {
    if (raiseException || !(error instanceof GradcheckError)) throw error;
    return false;
  }
}

function check(fn: Differentiable, inputs: readonly AnyTensor[], options: GradcheckOptions): void {
  const checked = inputs.filter((x) => isTensor(x) && x.requiresGrad);
  if (checked.length === 0)
    throw new ValueError(
      "gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True.",
    );
  checked.forEach((x, i) => {
    if (x.dtype !== "float64")
      console.warn(
        `Input #${i} requires gradient and is not a double precision floating point. This check will likely fail if ` +
          "all the inputs are not of double precision floating point.",
      );
    x.strides.forEach((stride, d) => {
      if (stride === 0 && (x.shape[d] as number) > 1)
        throw new RuntimeError(
          `The ${i}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to ` +
            "be able to compute the numerical gradients correctly. You should call .contiguous on the input before " +
            "passing it to gradcheck.",
        );
    });
  });
  const run = (): AnyTensor[] => enableGrad(() => listed(fn(...inputs)));
  const outputs = run().filter((y) => isFloat(y.dtype));
  checked.forEach((x, i) => {
    const numeric = numericJacobian(run, x, outputs, options.eps ?? 1e-6);
    outputs.forEach((y, o) => {
      const analytic = y.requiresGrad
        ? analyticJacobian(y, x, `output ${o}`, `input ${i}`)
        : new Float64Array(numeric[o]!.length);
      compare(analytic, numeric[o]!, y, x, [o, i], options);
    });
  });
}

/** d outputs[o][j] / d x[k] at [o][j * numel(x) + k], by central differences. */
function numericJacobian(
  run: () => AnyTensor[],
  x: AnyTensor,
  outputs: readonly AnyTensor[],
  eps: number,
): Float64Array[] {
  const n = numel(x.shape);
  const jacobians = outputs.map((y) => new Float64Array(numel(y.shape) * n));
  const data = x.storage.data as Float64Array;
  const values = (): FloatArray[] =>
    run()
      .filter((y) => isFloat(y.dtype))
      .map((y) => y.toTypedArray() as FloatArray);
  eachOffset(x, (at, k) => {
    const before = data[at]!;
    data[at] = before + eps;
    const above = values();
    data[at] = before - eps;
    const below = values();
    data[at] = before;
    jacobians.forEach((jacobian, o) => {
      const [p, q] = [above[o]!, below[o]!];
      for (let j = 0; j < p.length; j++) jacobian[j * n + k] = (p[j]! - q[j]!) / (2 * eps);
    });
  });
  return jacobians;
}

/** Calls `visit` with the place of each element in the storage, and its number in row-major order. */
function eachOffset(x: AnyTensor, visit: (at: number, k: number) => void): void {
  let k = 0;
  const walk = (d: number, at: number): void => {
    if (d === x.ndim) visit(at, k++);
    else for (let i = 0; i < x.shape[d]!; i++) walk(d + 1, at + i * x.strides[d]!);
  };
  walk(0, x.offset);
}

/** The same by one backward pass for each element of y. */
function analyticJacobian(y: AnyTensor, x: AnyTensor, output: string, input: string): Float64Array {
  const rows = numel(y.shape);
  const n = numel(x.shape);
  const jacobian = new Float64Array(rows * n);
  for (let j = 0; j < rows; j++) {
    const unit = y.detach().zerosLike().contiguous();
    unit.storage.data[unit.offset + j] = 1;
    const [g] = grad(y, x, { gradOutputs: unit, retainGraph: true, allowUnused: true });
    if (!g) continue;
    if (!sameShape(g.shape, x.shape))
      throw new ShapeError(
        "gradcheck",
        [g.shape, x.shape],
        `gradcheck: the gradient of ${output} with respect to ${input} has the shape ${showShape(g.shape)}, the input ${showShape(x.shape)}`,
      );
    if (g.dtype !== x.dtype)
      throw new GradcheckError(
        `gradcheck: the gradient of ${output} with respect to ${input} is ${g.dtype}, the input ${x.dtype}`,
      );
    jacobian.set(g.toTypedArray() as FloatArray, j * n);
  }
  return jacobian;
}

function compare(
  analytic: Float64Array,
  numeric: Float64Array,
  y: AnyTensor,
  x: AnyTensor,
  [o, i]: [number, number],
  options: GradcheckOptions,
): void {
  const { atol = 1e-5, rtol = 1e-3 } = options;
  const n = numel(x.shape);
  const wrong: number[] = [];
  for (let k = 0; k < numeric.length; k++) {
    const [a, b] = [analytic[k]!, numeric[k]!];
    const close =
      Math.abs(a - b) <= atol + rtol * Math.abs(b) || (Number.isNaN(a) && Number.isNaN(b)) || a === b;
    if (!close) wrong.push(k);
  }
  if (wrong.length === 0) return;
  const lines = wrong.slice(0, 5).map((k) => {
    const [j, e] = [Math.floor(k / n), k % n];
    return `  d output${place(y, j)} / d input${place(x, e)}: analytic ${analytic[k]}, numeric ${numeric[k]}`;
  });
  if (wrong.length > lines.length) lines.push(`  ... (${wrong.length} of ${numeric.length} elements)`);
  throw new GradcheckError(
    `Jacobian mismatch for output ${o} with respect to input ${i} (shapes ${showShape(y.shape)}, ${showShape(x.shape)}):\n${lines.join("\n")}`,
  );
}

/** `[1, 2]`: the indices of element k in row-major order. */
function place(t: AnyTensor, k: number): string {
  const indices: number[] = [];
  let rest = k;
  for (let d = t.ndim - 1; d >= 0; d--) {
    const size = t.shape[d] as number;
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return showShape(indices);
}

/**
 * Compares the gradients of the gradients of `fn` with central differences; see {@link gradcheck}.
 *
 * @param fn a function of the inputs
 * @param inputs float64 tensors; those that require grad are checked
 * @param options those of gradcheck, and `gradOutputs`: upstream gradients; default: random numbers of [-1, 1) that do
 * not come from the default generator
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.gradgradcheck.html
 */
export function gradgradcheck(
  fn: Differentiable,
  inputs: AnyTensor | readonly AnyTensor[],
  options: GradcheckOptions & { readonly gradOutputs?: AnyTensor | readonly AnyTensor[] } = {},
): boolean {
  const all = listed(inputs);
  const count = all.length;
  const differentiable = (ys: readonly AnyTensor[]): AnyTensor[] => ys.filter((y) => y.requiresGrad);
  const upstream = options.gradOutputs
    ? listed(options.gradOutputs)
    : randomLike(differentiable(listed(fn(...all))));
  const gradient = (...args: AnyTensor[]): AnyTensor[] => {
    const xs = args.slice(0, count);
    const outputs = differentiable(listed(fn(...xs)));
    const grads = grad(
      outputs,
      xs.filter((x) => x.requiresGrad),
      {
        gradOutputs: args.slice(count),
        createGraph: true,
        allowUnused: true,
      },
    );
    return grads.filter((g) => g !== null);
  };
  return gradcheck(gradient, [...all, ...upstream], options);
}

function randomLike(outputs: readonly AnyTensor[]): AnyTensor[] {
  const generator = new Generator();
  return outputs.map((y) => {
    const data = y.dtype === "float64" ? new Float64Array(numel(y.shape)) : new Float32Array(numel(y.shape));
    fillUniform(data, -1, 1, generator);
    return fresh(data, y.shape, y.dtype).requiresGrad_();
  });
}
