// Quantiles along a dimension: interpolated places of the sorted order.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/generated/torch.quantile.html

import { isFloat } from "../base/dtype.ts";
import { RuntimeError } from "../base/errors.ts";
import { normalizeDim } from "../base/shape.ts";
import { recorder } from "../tensor/capturing.ts";
import { full } from "../tensor/create.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { composite } from "./define.ts";
import type { QuantileOp, QuantileOptions } from "./signatures.ts";
import { sort } from "./sort.ts";

const interpolations = ["linear", "lower", "higher", "midpoint", "nearest"];

function checkQuantile(x: AnyTensor, q: AnyTensor | number, interpolation: string, name: string): AnyTensor {
  const fail = (what: string): RuntimeError => new RuntimeError(`${name}() ${what}`);
  if (x.numel() === 0) throw fail("input tensor must be non-empty");
  if (!isFloat(x.dtype)) throw fail(`input tensor must be either float or double dtype, not ${x.dtype}`);
  if (!interpolations.includes(interpolation))
    throw fail(`interpolation must be one of ${interpolations.join(", ")}, but got ${interpolation}`);
  if (!isTensor(q)) {
    if (!(q >= 0 && q <= 1)) throw fail(`q must be in the range [0, 1] but got ${q}`);
    return full([], q, { dtype: x.dtype });
  }
  if (q.ndim > 1) throw fail(`q must be a scalar or 1D tensor, not ${q.ndim}-dimensional`);
  if (q.dtype !== x.dtype)
    throw fail(`q tensor must be same dtype as the input tensor: ${q.dtype} and ${x.dtype}`);
  const checkAll = (inside: boolean): void => {
    if (!inside) throw fail("q values must be in the range [0, 1]");
  };
  if (recorder === null) checkAll(Boolean(q.detach().ge(0).logicalAnd(q.detach().le(1)).all().item()));
  else recorder.check(name, q, (values) => checkAll([...values].every((v) => v >= 0 && v <= 1)));
  return q;
}

/** Where in the sorted rows, `[..., n]`, the quantiles `q` stand: fractions of positions. */
function ranksOf(sorted: AnyTensor, q: AnyTensor, ignoreNan: boolean): AnyTensor {
  const n: number = sorted.shape[sorted.ndim - 1];
  const nans = sorted.isnan();
  if (ignoreNan) {
    const last = nans.logicalNot().sum(-1, { keepdim: true }).sub(1);
    const ranks = q.mul(last.to(q.dtype));
    // Of a row of NaNs, the first one.
    return ranks.maskedFill(ranks.detach().lt(0), 0);
  }
  // NaNs are sorted to the end: a row that has one answers with its last element.
  const spoilt = nans.narrow(-1, n - 1, 1);
  const shape = [...sorted.shape.slice(0, -1), q.numel()];
  return q
    .mul(n - 1)
    .expand(shape)
    .maskedFill(spoilt, n - 1);
}

function interpolate(sorted: AnyTensor, ranks: AnyTensor, interpolation: string): AnyTensor {
  const exact = ranks.detach();
  const at = (places: AnyTensor): AnyTensor => sorted.gather(-1, places.int());
  if (interpolation === "lower") return at(exact.floor());
  if (interpolation === "higher") return at(exact.ceil());
  if (interpolation === "nearest") return at(exact.round());
  const below = exact.floor();
  const weights = interpolation === "midpoint" ? exact.fullLike(0.5) : ranks.sub(below);
  return at(below).lerp(at(exact.ceil()), weights);
}

function quantiles(
  x: AnyTensor,
  q: AnyTensor | number,
  dim: number | null | undefined,
  options: QuantileOptions,
  name: string,
): AnyTensor {
  const { keepdim = false, interpolation = "linear" } = options;
  const given = checkQuantile(x, q, interpolation, name);
  const d = dim === undefined || dim === null ? null : normalizeDim(dim, x.ndim, name);
  const several = given.ndim === 1;
  // The dimension goes to the end and leaves an extent of 1.
  const rows: AnyTensor = d === null || x.ndim === 0 ? x.reshape(-1) : x.unsqueeze(-1).transpose(d, -1);
  const sorted = sort(rows, -1).values as AnyTensor;
  const values = interpolate(
    sorted,
    ranksOf(sorted, given.reshape(-1), name === "nanquantile"),
    interpolation,
  );
  const front = several ? values.unsqueeze(0).transpose(0, -1).squeeze(-1) : values.squeeze(-1);
  if (d === null) return keepdim ? front.reshape([...given.shape, ...x.shape.map(() => 1)]) : front;
  return keepdim || x.ndim === 0 ? front : front.squeeze(several ? d + 1 : d);
}

/**
 * The quantiles `q` (a number or a 1-d tensor, from 0 to 1) of all elements or along `dim`: the element at the place
 * q (n - 1) of the sorted order, interpolated between its neighbours. NaN where there is a NaN.
 *
 * **Shape**: several quantiles come in a new first dimension.
 *
 * @throws RuntimeError for no elements, for integers, and for `q` outside of [0, 1]
 */
export const quantile: QuantileOp<"quantile"> = composite(
  (x: AnyTensor, q: AnyTensor | number, dim?: number | null, options: QuantileOptions = {}) =>
    quantiles(x, q, dim, options, "quantile"),
);

/** {@link quantile} of the elements that are not NaN; NaN if there are none. */
export const nanquantile: QuantileOp<"nanquantile"> = composite(
  (x: AnyTensor, q: AnyTensor | number, dim?: number | null, options: QuantileOptions = {}) =>
    quantiles(x, q, dim, options, "nanquantile"),
);
