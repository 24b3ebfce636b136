// Functions that ONNX has no operator for.

import * as torch from "../../../../src/index.ts";
import type { Case } from "./common.ts";
import { alike, image, integers, of, pair, positive, variances, weights } from "./common.ts";

const F = torch.nn.functional;

export const functions: Record<string, Case[]> = {
  smoothL1Loss: [of((a, b) => F.smoothL1Loss(a, b, { beta: 0.7 }), alike)],
  huberLoss: [of((a, b) => F.huberLoss(a, b, { delta: 0.7, reduction: "sum" }), alike)],
  nanToNum: [
    of(
      (a) => a.nanToNum(),
      (n) => [torch.full([n, 2], Number.NaN)],
    ),
    of(
      (a) => a.nanToNum(1, 2, 3),
      (n) => [torch.full([n, 2], Number.NEGATIVE_INFINITY)],
    ),
  ],
  logit: [of((a) => a.sigmoid().logit()), of((a) => a.logit(0.1), positive)],
  sinc: [of((a) => a.sinc()), of((a) => a.mul(0).sinc())],
  deg2rad: [of((a) => a.deg2rad())],
  rad2deg: [of((a) => a.rad2deg())],
  logaddexp2: [of((a, b) => torch.logaddexp2(a, b), pair)],
  heaviside: [of((a, b) => torch.heaviside(a.round(), b), pair)],
  cdist: [
    of((a, b) => torch.cdist(a, b), pair),
    of((a) => torch.cdist(a, a, 1)),
    of((a) => torch.cdist(weights(30, 4), a)),
  ],
  cosineSimilarity: [of((a, b) => torch.cosineSimilarity(a, b, 1), pair)],
  pdist: [of((a) => torch.pdist(a.select(0, 0)))],
  diagonal: [
    of((a) => a.diagonal(0, 1, 2)),
    of((a) => a.diagonal(-1, 2, 1)),
    of((a) => a.diagonal(2, 1, 2)),
    of((a) => a.select(0, 0).trace()),
  ],
  diagEmbed: [of((a) => a.diagEmbed()), of((a) => a.diagEmbed(1)), of((a) => a.diagEmbed(-2, 0, 2))],
  unfold: [of((a) => a.unfold(2, 2, 1)), of((a) => a.unfold(1, 2, 2))],
  median: [
    of((a) => a.median(1)),
    of((a) => a.median(-1, { keepdim: true })),
    of((a) => a.select(0, 0).median()),
  ],
  kthvalue: [of((a) => a.kthvalue(2, 1)), of((a) => a.kthvalue(3))],
  isin: [
    of(
      (a) => torch.isin(a, torch.tensor([1, 3])),
      (n) => [integers(n)],
    ),
    of(
      (a) => torch.isin(a, 2, { invert: true }),
      (n) => [integers(n)],
    ),
  ],
  cumprod: [of((a) => a.cumprod(1)), of((a) => a.cumprod(-1))],
  maxUnpool: [
    of((a) => {
      const [y, places] = F.maxPool2dWithIndices(a, 2);
      return F.maxUnpool2d(y, places, 2, { outputSize: [8, 9] });
    }, image),
  ],
  col2Im: [
    of(
      (a) => F.fold(a, [5, 5], 2, { stride: 3, padding: 1 }),
      (n) => [torch.randn(n, 8, 4)],
      18,
    ),
  ],
  "linalg.det": [
    of(
      (a) => torch.linalg.det(a),
      (n) => [torch.randn(n, 3, 3)],
    ),
  ],
};

/** Functions over ops that look at elements here, and are written down by other ops. */
export const composed: Record<string, Case[]> = {
  crossEntropy: [
    of(
      (a, t) => F.crossEntropy(a, t, { labelSmoothing: 0.1 }),
      (n) => [torch.randn(n, 5), torch.randint(0, 5, [n])],
    ),
    of(
      (a, t) => F.crossEntropy(a, t, { weight: variances(5) }),
      (n) => [torch.randn(n, 5), torch.randint(0, 5, [n])],
    ),
  ],
  nllLoss: [
    of(
      (a, t) => F.nllLoss(a, t, { ignoreIndex: 1 }),
      (n) => [torch.randn(n, 5), torch.randint(0, 5, [n])],
    ),
  ],
  scaledDotProductAttention: [
    of((a) => F.scaledDotProductAttention(a, a, a)),
    of(
      (a) => F.scaledDotProductAttention(a, a, a, { isCausal: true }),
      (n) => [torch.randn(2, 3, n, 4).transpose(0, 2)],
    ),
    of(
      (a, m) => F.scaledDotProductAttention(a, a, a, { attnMask: m }),
      (n) => [torch.randn(n, 3, 4), torch.randn(n, 3, 3).gt(0)],
    ),
  ],
  sizes: [
    of((a) => a.add(torch.arange(a.shape[0]).reshape([-1, 1, 1]))),
    of((a) => a.select(2, 0).add(torch.arange(1, 2 * a.shape[0], 2).unsqueeze(1))),
    of((a) => a.select(1, 0).matmul(torch.eye(4)).add(torch.eye(a.shape[0], 4))),
    of((a) =>
      a
        .sum(0)
        .div(a.shape[0])
        .mul(1 / a.shape[0]),
    ),
    of((a) => torch.full([a.shape[0], a.shape[0]], 2.5).triu(1)),
    of((a) => torch.ones(a.shape[0] * 2 + 1, a.shape[0] * a.shape[0]).mul(a.sum())),
  ],
};
