// Which dimensions of the inputs are dynamic, and the sizes to try. Floor L5 (io).

import { ArgumentError, ValueError } from "../../base/errors.ts";
import { normalizeDim } from "../../base/shape.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";

/** Dimensions by number with names, or a list of numbers. */
export type Axes = Readonly<Record<number, string | null>> | readonly number[];

/** The name of each dynamic dimension of each input, by dimension. */
export type DynamicDims = readonly ReadonlyMap<number, string>[];

/** Axes by the names of inputs (those of outputs follow from them), or by their order. */
export type AxesOf = Readonly<Record<string, Axes>> | readonly (Axes | null)[];

/** @throws ArgumentError for the name of no input or output */
export function checkNames(axes: AxesOf, inputs: readonly string[], outputs: readonly string[]): void {
  if (Array.isArray(axes)) return;
  for (const name of Object.keys(axes))
    if (!inputs.includes(name) && !outputs.includes(name))
      throw new ArgumentError(
        `onnx.export: dynamicAxes names '${name}', which is no input (${inputs.join(", ")}) and no output (${outputs.join(", ")})`,
      );
}

export function dynamicDims(
  tensors: readonly AnyTensor[],
  names: readonly string[],
  axes: AxesOf,
): DynamicDims {
  return tensors.map((t, i) => {
    const own: Axes = (Array.isArray(axes) ? axes[i] : (axes as Record<string, Axes>)[names[i]!]) ?? [];
    const entries: [number, string | null][] = Array.isArray(own)
      ? own.map((d: number) => [d, null])
      : Object.entries(own as Record<string, string | null>).map(([d, name]) => [Number(d), name]);
    return new Map(
      entries.map(([d, name]) => {
        const dim = normalizeDim(d, t.ndim, "onnx.export");
        if (t.shape[dim] === 0)
          throw new ValueError(
            `onnx.export: dimension ${dim} of the example of '${names[i]}' is empty; give it an extent`,
          );
        return [dim, name ?? `${names[i]}_dim_${dim}`];
      }),
    );
  });
}

/** The extent that each name has in the example. */
export function exampleSizes(tensors: readonly AnyTensor[], dims: DynamicDims): Map<string, number> {
  const sizes = new Map<string, number>();
  dims.forEach((own, i) => {
    for (const [d, name] of own) {
      const n: number = tensors[i]!.shape[d];
      const known = sizes.get(name) ?? n;
      if (known !== n)
        throw new ValueError(
          `onnx.export: the dynamic dimension '${name}' is ${known} and ${n} in the examples; give dimensions that differ different names`,
        );
      sizes.set(name, n);
    }
  });
  return sizes;
}

/**
 * Sizes of runs: those of the example, each of them changed alone, all of them changed. Multiples, since what divides the example's
 * extents should go on to do so; never 1, which broadcasts.
 */
export function sizesToTry(example: ReadonlyMap<string, number>): Map<string, number>[] {
  const base = new Map([...example].map(([name, n]) => [name, n === 1 ? 2 : n]));
  if (base.size === 0) return [base];
  const scaled = (factor: (name: string) => number): Map<string, number> =>
    new Map([...base].map(([name, n]) => [name, n * factor(name)]));
  const alone = [...base.keys()].map((changed) => scaled((name) => (name === changed ? 2 : 1)));
  // Different factors tell dimensions apart that happen to be alike.
  const places = [...base.keys()];
  return [base, ...alone, scaled((name) => 3 + places.indexOf(name))];
}
