// Starting backward passes from several tensors, and gradients without touching .grad.
// Floor L5 (autograd). Source: https://pytorch.org/docs/stable/autograd.html

import { RuntimeError } from "../base/errors.ts";
import type { BackwardOptions, GradOptions } from "../tensor/engine.ts";
import { grad as gradients, runBackward } from "../tensor/engine.ts";
import type { Grad } from "../tensor/node.ts";
import type { AnyTensor } from "../tensor/tensor.ts";

type Tensors = AnyTensor | readonly AnyTensor[];
const listed = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? x : [x as T]);

/**
 * Adds the gradients of the sum of `tensors` to `.grad` of the leaves that they were computed from.
 *
 * @param tensors where to start: one tensor or several
 * @param gradTensors upstream gradient of each; may be left out, or null, for tensors of one element (then 1)
 * @param options `retainGraph` (default: createGraph), `createGraph` false, `inputs`: only these get a gradient
 * @throws AutogradError as `Tensor.backward` does
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.backward.html
 */
export function backward(
  tensors: Tensors,
  gradTensors?: AnyTensor | null | readonly (AnyTensor | null)[],
  options: BackwardOptions & { readonly inputs?: Tensors } = {},
): void {
  const roots = listed<AnyTensor>(tensors);
  const upstream =
    gradTensors === undefined || gradTensors === null ? [] : listed<AnyTensor | null>(gradTensors);
  if (upstream.length > 0 && upstream.length !== roots.length)
    throw new RuntimeError(`got ${roots.length} tensors and ${upstream.length} gradients`);
  if (options.inputs === undefined) {
    runBackward(roots, upstream, options);
    return;
  }
  const inputs = listed<AnyTensor>(options.inputs);
  if (inputs.length === 0) throw new RuntimeError("inputs argument to backward cannot be empty");
  const found = gradients(roots, inputs, { ...options, gradOutputs: upstream, allowUnused: true });
  found.forEach((g, i) => {
    const x = inputs[i]!;
    const before: AnyTensor | null = x.grad;
    if (g) x.grad = before ? before.add(g) : g.clone();
  });
}

/**
 * Gradients of the sum of `outputs` with respect to `inputs`, in their order, without touching any `.grad`.
 *
 * @param outputs one tensor or several
 * @param inputs one tensor or several, leaves or not
 * @param options `gradOutputs`: upstream gradients, needed where an output has more than one element; `retainGraph`
 * (default: createGraph), `createGraph` false, `allowUnused` false: null for an input that the outputs do not depend on
 * @throws AutogradError for an input that does not require grad or, unless `allowUnused`, that was not used
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
 * @example
 * const x = torch.tensor([1, 2, 3], { dtype: "float64", requiresGrad: true });
 * const [g] = autograd.grad(x.pow(3).sum(), x); // tensor([ 3., 12., 27.], dtype=torch.float64)
 */
export function grad(
  outputs: Tensors,
  inputs: Tensors,
  options: GradOptions & { readonly allowUnused: true },
): Grad[];
export function grad(outputs: Tensors, inputs: Tensors, options?: GradOptions): AnyTensor[];
export function grad(outputs: Tensors, inputs: Tensors, options?: GradOptions): Grad[] {
  return gradients(outputs, inputs, options);
}
