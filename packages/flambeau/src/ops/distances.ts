// Distances between points, and how alike directions are.
// Floor L4 (ops). Source: https://pytorch.org/docs/stable/nn.functional.html#distance-functions

import type { DType } from "../base/dtype.ts";
import { dtypes, getDefaultDType, isFloat, resultType } from "../base/dtype.ts";
import { DTypeError, RuntimeError, ShapeError, ValueError } from "../base/errors.ts";
import { broadcastShapes, normalizeDim, numel } from "../base/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fresh } from "../tensor/tensor.ts";
import { composite, op } from "./define.ts";
import { cat } from "./join.ts";
import { pNorm, vectorNorm } from "./p-norm.ts";
import type { CdistOp, CosineOp, PairwiseOp, PdistOp } from "./signatures.ts";

// ---- all pairs of two sets ---------------------------------------------------------------------------------------

/** d|v|_p / dv for distances y, times g: 0 where the distance is; every tie for the largest gets all of it. */
function slope(v: AnyTensor, y: AnyTensor, g: AnyTensor, p: number): AnyTensor {
  if (p === 0) return v.mul(g).zerosLike();
  const sign = v.sign();
  if (p === 1) return sign.mul(g);
  if (p === Number.POSITIVE_INFINITY) return sign.mul(v.abs().eq(y)).mul(g);
  const far = g.div(p === 2 ? y : y.pow(p - 1)).maskedFill(y.eq(0), 0);
  if (p === 2) return v.mul(far);
  const size = v.abs();
  if (p < 1) return sign.mul(size.pow(p - 1).maskedFill(v.eq(0), 0)).mul(far);
  return p < 2 ? sign.mul(size.pow(p - 1)).mul(far) : v.mul(size.pow(p - 2)).mul(far);
}

/** As many differences as are held at once. */
const block = 1 << 18;

const differences = (a: AnyTensor, b: AnyTensor): AnyTensor => a.unsqueeze(-2).sub(b.unsqueeze(-3));

/** Distances by differences, [..., P, M] and [..., R, M] to [..., P, R]. */
const byDifferences: (a: AnyTensor, b: AnyTensor, p: number) => AnyTensor = op({
  name: "cdist",
  saves: "both",
  forward: (a: AnyTensor, b: AnyTensor, p: number) => {
    const rows: number = a.shape[a.ndim - 2]!;
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), "cdist");
    const some = Math.max(1, Math.floor(block / Math.max(1, numel(batch) * numel(b.shape.slice(-2)))));
    if (rows <= some) return pNorm(differences(a, b), p, -1, false);
    const parts: AnyTensor[] = [];
    for (let i = 0; i < rows; i += some)
      parts.push(pNorm(differences(a.narrow(-2, i, Math.min(some, rows - i)), b), p, -1, false));
    return cat(parts, -2);
  },
  vjp: (g, s) => {
    const pull = slope(differences(s.a, s.b), s.y.unsqueeze(-1), g.unsqueeze(-1), s.meta(2));
    return [s.edges[0] ? pull.sum(-2) : null, s.edges[1] ? pull.sum(-3).neg() : null];
  },
});

/** Euclidean distances by |a|^2 + |b|^2 - 2ab: a matrix product, with the cancellation that goes with it. */
const byProduct: (a: AnyTensor, b: AnyTensor) => AnyTensor = op({
  name: "cdist",
  saves: "both",
  forward: (a: AnyTensor, b: AnyTensor) => {
    const squares = (x: AnyTensor): AnyTensor => x.square().sum(-1, { keepdim: true });
    return a
      .mul(-2)
      .matmul(b.transpose(-2, -1))
      .add(squares(a))
      .add(squares(b).transpose(-2, -1))
      .clampMin(0)
      .sqrt();
  },
  vjp: (g, s) => {
    const { a, b } = s;
    const ratio = g.div(s.y).maskedFill(s.y.eq(0), 0);
    const towards = (x: AnyTensor, y: AnyTensor, w: AnyTensor): AnyTensor =>
      x.mul(w.sum(-1, { keepdim: true })).sub(w.matmul(y));
    return [
      s.edges[0] ? towards(a, b, ratio) : null,
      s.edges[1] ? towards(b, a, ratio.transpose(-2, -1)) : null,
    ];
  },
});

const modes = [
  "use_mm_for_euclid_dist_if_necessary",
  "use_mm_for_euclid_dist",
  "donot_use_mm_for_euclid_dist",
];

/**
 * The p-norm distances of all points of `x1` to all points of `x2`.
 *
 * **Shape** [..., P, M] and [..., R, M] give [..., P, R].
 * @param p default 2; 0 counts coordinates that differ, Infinity is the largest difference
 * @param options `computeMode`: whether Euclidean distances are computed by a matrix product: above 25 points
 * ("use_mm_for_euclid_dist_if_necessary", the default), always ("use_mm_for_euclid_dist"), or never
 * ("donot_use_mm_for_euclid_dist"), which is slower and exact where points are close
 * @throws RuntimeError for points of different dimension, integers, or p < 0
 * @see https://pytorch.org/docs/stable/generated/torch.cdist.html
 */
export const cdist: CdistOp = composite(
  (x1: AnyTensor, x2: AnyTensor, p = 2, options: { readonly computeMode?: string } = {}) => {
    const { computeMode = modes[0]! } = options;
    if (!modes.includes(computeMode))
      throw new ValueError(
        `cdist: ${computeMode} is not a valid value for computeMode, which are ${modes.join(", ")}`,
      );
    [x1, x2].forEach((x, i) => {
      if (!isFloat(x.dtype))
        throw new DTypeError(
          "cdist",
          `cdist only supports floating-point dtypes, X${i + 1} got: ${dtypes[x.dtype as DType].scalarName}`,
        );
      if (x.ndim < 2)
        throw new RuntimeError(`cdist only supports at least 2D tensors, X${i + 1} got: ${x.ndim}D`);
    });
    if (x1.dtype !== x2.dtype)
      throw new DTypeError(
        "cdist",
        `cdist: expected both tensors to have one dtype, but got ${x1.dtype} and ${x2.dtype}`,
      );
    const [m, n] = [x1.shape[x1.ndim - 1], x2.shape[x2.ndim - 1]];
    if (m !== n)
      throw new ShapeError(
        "cdist",
        [x1.shape, x2.shape],
        `cdist: X1 and X2 must have the same number of columns. X1: ${m} X2: ${n}`,
      );
    if (!(p >= 0)) throw new RuntimeError(`cdist only supports non-negative p values, but got ${p}`);
    const large = Math.max(x1.shape[x1.ndim - 2]!, x2.shape[x2.ndim - 2]!) > 25;
    const product = p === 2 && (computeMode === modes[1] || (computeMode === modes[0] && large));
    return product ? byProduct(x1, x2) : byDifferences(x1, x2, p);
  },
  { method: false },
);

// ---- pairs within one set ----------------------------------------------------------------------------------------

const length: (v: AnyTensor, p: number) => AnyTensor = op({
  name: "pdist",
  saves: "both",
  forward: (v: AnyTensor, p: number) => pNorm(v, p, -1, false),
  vjp: (g, s) => slope(s.x, s.y.unsqueeze(-1), g.unsqueeze(-1), s.meta(1)),
});

/**
 * The p-norm distances (default 2) of all pairs of different rows: (0, 1), (0, 2), ..., (1, 2), ...
 *
 * **Shape** [N, M] gives [N (N - 1) / 2].
 * @throws RuntimeError unless the input is a matrix of floats and p >= 0
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
 */
export const pdist: PdistOp = composite(
  (x: AnyTensor, p = 2) => {
    if (x.ndim !== 2) throw new RuntimeError(`pdist only supports 2D tensors, got: ${x.ndim}D`);
    if (!isFloat(x.dtype))
      throw new DTypeError("pdist", `pdist only supports floating-point dtypes, but got ${x.dtype}`);
    if (!(p >= 0)) throw new RuntimeError(`pdist only supports non-negative p values, but got ${p}`);
    const n = x.shape[0]!;
    const pairs = (n * (n - 1)) / 2;
    const [first, second] = [new Int32Array(pairs), new Int32Array(pairs)];
    for (let i = 0, at = 0; i < n; i++)
      for (let j = i + 1; j < n; j++, at++) {
        first[at] = i;
        second[at] = j;
      }
    const rows = (index: Int32Array): AnyTensor => x.indexSelect(0, fresh(index, [pairs], "int32"));
    return length(rows(first).sub(rows(second)), p);
  },
  { method: false },
);

// ---- pairs of corresponding vectors ------------------------------------------------------------------------------

/**
 * The p-norm of `x1 - x2 + eps` along the last dimension; x1 and x2 broadcast. `p` defaults to 2; options:
 * `eps`, default 1e-6, and `keepdim`, default false.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
 */
export const pairwiseDistance: PairwiseOp = composite(
  (
    x1: AnyTensor,
    x2: AnyTensor,
    p = 2,
    options: { readonly eps?: number; readonly keepdim?: boolean } = {},
  ) => {
    const off = x1.sub(x2);
    // PyTorch's eps is a float, even 1.
    const floats = isFloat(off.dtype) ? off : off.to(getDefaultDType());
    return vectorNorm(floats.add(options.eps ?? 1e-6), p, -1, options.keepdim ?? false);
  },
  { method: false },
);

/** The 2-norm along a dimension, which stays, and at least `eps`; the gradient takes no notice of that bound. */
const boundedNorm: (x: AnyTensor, dim: number, eps: number) => AnyTensor = op({
  name: "cosineSimilarity",
  saves: "both",
  forward: (x: AnyTensor, dim: number, eps: number) => pNorm(x, 2, dim, true).clampMin(eps),
  vjp: (g, s) => s.x.mul(g.div(s.y).maskedFill(s.y.eq(0), 0)),
});

/**
 * The cosine of the angle between vectors along `dim`: `x1 . x2 / (max(|x1|, eps) max(|x2|, eps))`; x1 and x2 broadcast.
 * `dim` defaults to 1; options: `eps`, default 1e-8.
 * @throws DTypeError for integers
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
 */
export const cosineSimilarity: CosineOp = composite(
  (x1: AnyTensor, x2: AnyTensor, dim = 1, { eps = 1e-8 }: { readonly eps?: number } = {}) => {
    const common = resultType(
      [x1, x2].map((x) => ({ dtype: x.dtype as DType, standing: x.ndim > 0 ? "dimensioned" : "zeroDim" })),
    );
    if (!isFloat(common))
      throw new DTypeError(
        "cosineSimilarity",
        `cosineSimilarity: expected common dtype to be floating point, yet common dtype is ${dtypes[common].scalarName}`,
      );
    const shape = broadcastShapes(x1.shape, x2.shape, "cosineSimilarity");
    const d = normalizeDim(dim, shape.length, "cosineSimilarity");
    const unit = (x: AnyTensor): AnyTensor => {
      const whole = x.to(common).expand(shape);
      return whole.div(boundedNorm(whole, d, eps));
    };
    return unit(x1).mul(unit(x2)).sum(d);
  },
  { method: false },
);
