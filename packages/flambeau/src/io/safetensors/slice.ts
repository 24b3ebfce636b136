// An index of a tensor in a file, split into a box to read and an index of that box. Floor L5 (io).

import { IndexError, showShape } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import type { IndexItem, Slice } from "../../ops/at-index.ts";
import { consumes, parseIndex } from "../../ops/at-index.ts";
import { isTensor } from "../../tensor/tensor.ts";
import type { Region } from "./region.ts";

const whole: Slice = { start: null, end: null, step: 1 };
const clamp = (i: number, n: number): number => Math.min(Math.max(i < 0 ? i + n : i, 0), n);

/**
 * What `x.at(...index)` looks at, for an x of this shape: the smallest box that integers and slices of it leave, and the index
 * that gives the result once the box is there.
 */
export function split(shape: Shape, index: readonly unknown[]): { region: Region; rest: IndexItem[] } {
  const given = parseIndex(index);
  const taken = given.reduce<number>((n, item) => n + consumes(item), 0);
  if (taken > shape.length)
    throw new IndexError(`too many indices for a tensor of shape ${showShape(shape)}: ${taken}`);
  const region: [number, number][] = [];
  const rest: IndexItem[] = [];
  const takeWhole = (n: number): void => {
    for (let i = 0; i < n; i++) region.push([0, shape[region.length]!]);
  };
  for (const item of given) {
    const n = shape[region.length]!;
    if (item === "...") {
      for (let i = taken; i < shape.length; i++) rest.push(whole);
      takeWhole(shape.length - taken);
    } else if (typeof item === "number") {
      const i = item < 0 ? item + n : item;
      if (!(Number.isInteger(i) && i >= 0 && i < n))
        throw new IndexError(`index ${item} is out of bounds for dimension ${region.length} with size ${n}`);
      region.push([i, i + 1]);
      rest.push(0);
    } else if (typeof item === "object" && item !== null && !isTensor(item) && (item.step ?? 1) > 0) {
      const from = clamp(item.start ?? 0, n);
      region.push([from, Math.max(from, clamp(item.end ?? n, n))]);
      rest.push({ ...whole, step: item.step ?? 1 });
    } else {
      takeWhole(consumes(item));
      rest.push(item);
    }
  }
  takeWhole(shape.length - region.length);
  return { region, rest };
}
