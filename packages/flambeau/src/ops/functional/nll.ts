// Picking one element for each example, with a factor: the inner part of the losses over classes.
// Floor L4 (ops). Source: ATen/native/LossNLL.cpp

import type { Shape } from "../../base/shape.ts";
import { numel } from "../../base/shape.ts";
import { allocate } from "../../tensor/storage.ts";
import type { AnyTensor } from "../../tensor/tensor.ts";
import { fresh } from "../../tensor/tensor.ts";
import { op } from "../define.ts";
import { dataOf } from "../elements.ts";

/** Which elements are picked. */
export interface Picks {
  /** The shape that is picked from. */
  readonly from: Shape;
  /** The result's shape. */
  readonly shape: Shape;
  /** Row-major place of each element, -1 for none. */
  readonly places: Int32Array;
  /** A factor for each, 0 where there is no element. */
  readonly factors: Float64Array;
}

/** out_i = -factors_i x[places_i], and 0 where there is no place. */
export const pickNegated: (x: AnyTensor, picks: Picks) => AnyTensor = op({
  name: "nllLoss",
  forward: (x: AnyTensor, { places, factors, shape }: Picks) => {
    const source = x.contiguous();
    const data = dataOf(source);
    const out: AnyTensor = fresh(allocate(x.dtype, places.length), shape, x.dtype);
    const to = dataOf(out);
    for (let i = 0; i < places.length; i++) {
      const p = places[i]!;
      to[i] = p < 0 ? 0 : -factors[i]! * data[source.offset + p]!;
    }
    return out;
  },
  vjp: (g, s) => spreadNegated(g, s.meta(1)),
});

/** The transpose of {@link pickNegated}: zeros, with -factors_i g_i at places_i. No place is listed twice. */
const spreadNegated: (g: AnyTensor, picks: Picks) => AnyTensor = op({
  name: "nllLossBackward",
  forward: (g: AnyTensor, { places, factors, from }: Picks) => {
    const source = g.contiguous();
    const data = dataOf(source);
    const out: AnyTensor = fresh(allocate(g.dtype, numel(from)), from, g.dtype);
    const to = dataOf(out);
    for (let i = 0; i < places.length; i++) {
      const p = places[i]!;
      if (p >= 0) to[p] = -factors[i]! * data[source.offset + i]!;
    }
    return out;
  },
  vjp: (gg, s) => pickNegated(gg, s.meta(1)),
});
