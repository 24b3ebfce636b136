// Random ops of the public interface over a pool of tensors. What is chosen depends on the seed and on shapes alone, never on
// values, so that a function which chooses as it goes is the same function in every run.

import * as torch from "../../src/index.ts";
import { nn } from "../../src/index.ts";
import type { Random } from "../ir/random-numbers.ts";

type Tensor = torch.AnyTensor;
const F = nn.functional;

/** Tensors that ops may use; all of `floats` have one dtype. */
export interface Pool {
  readonly random: Random;
  readonly floats: Tensor[];
  /** Numbers from 0 to 2, of rank 1. */
  readonly numbers: Tensor[];
  /** What may be changed in place: tensors from outside that need no gradient. */
  readonly buffers: Tensor[];
  /** Parameters for products, by their extents; made before the first run. */
  weight(rows: number, columns: number): Tensor;
}

const size = (x: Tensor): number => (x.shape as number[]).reduce((a, b) => a * b, 1);
const shapeOf = (x: Tensor): number[] => [...(x.shape as number[])];

/** Any of the pool that passes the test; the later ones more often, so that chains get long. */
function pick(p: Pool, test: (x: Tensor) => boolean = () => true): Tensor | null {
  const found = p.floats.filter(test);
  if (found.length === 0) return null;
  return p.random.chance(0.5) ? found.at(-1)! : p.random.pick(found);
}
const anyOf = (p: Pool): Tensor => pick(p)!;
const withDims = (p: Pool, least: number, most = 9): Tensor | null =>
  pick(p, (x) => x.ndim >= least && x.ndim <= most);
const dimOf = (p: Pool, x: Tensor): number => p.random.below(x.ndim) - (p.random.chance(0.3) ? x.ndim : 0);

/** Kept small, so that errors of rounding stay small as well. */
export const tame = (x: Tensor): Tensor => x.div(x.abs().add(1));

/** Another tensor that broadcasts with `x`: one of the pool, or a part of it. */
function partner(p: Pool, x: Tensor): Tensor {
  const shape = shapeOf(x);
  const fits = (y: Tensor): boolean => {
    const other = shapeOf(y);
    const rank = Math.max(shape.length, other.length);
    let n = 1;
    for (let d = 1; d <= rank; d++) {
      const [a, b] = [shape[shape.length - d] ?? 1, other[other.length - d] ?? 1];
      if (a !== b && a !== 1 && b !== 1) return false;
      n *= Math.max(a, b);
    }
    return n <= 400;
  };
  const found = p.floats.filter(fits);
  if (p.random.chance(0.8)) return p.random.pick(found);
  if (x.ndim === 0) return x;
  const d = p.random.below(x.ndim);
  const n = shape[d]!;
  return n === 0 ? x : x.narrow(d, p.random.below(n), 1);
}

type Maker = (p: Pool) => Tensor | null | undefined;

const one =
  (f: (x: Tensor, random: Random) => Tensor): Maker =>
  (p) =>
    f(anyOf(p), p.random);
const two =
  (f: (x: Tensor, y: Tensor, random: Random) => Tensor): Maker =>
  (p) => {
    const x = anyOf(p);
    return f(x, partner(p, x), p.random);
  };

const unary: readonly Maker[] = [
  one((x) => x.neg()),
  one((x) => x.abs()),
  one((x) => tame(x).exp()),
  one((x) => tame(x).expm1()),
  one((x) => x.tanh()),
  one((x) => x.sigmoid()),
  one((x) => x.sin()),
  one((x) => x.cos()),
  one((x) => x.atan()),
  one((x) => x.erf()),
  one((x) => x.abs().add(1).sqrt()),
  one((x) => x.square().add(0.5).rsqrt()),
  one((x) => x.abs().add(0.5).log()),
  one((x) => x.abs().log1p()),
  one((x) => x.abs().add(1).reciprocal()),
  one((x) => x.relu()),
  one((x) => tame(x).pow(2)),
  one((x) => x.abs().add(0.5).pow(-0.5)),
  one((x) => tame(x).pow(3)),
  one((x) => x.clamp(-0.7, 0.9)),
  one((x) => x.clampMin(0.1)),
  one((x) => x.add(0.25)),
  one((x) => x.mul(-1.5)),
  one((x) => x.div(3)),
  one((x) => x.detach().mul(2)),
  one((x) => F.gelu(x)),
  one((x) => F.silu(x)),
  one((x) => F.softplus(x)),
  one((x) => F.leakyRelu(x, 0.1)),
  one((x) => F.elu(x)),
  one((x) => F.hardswish(x)),
  one((x) => F.logsigmoid(x)),
  one((x) => F.mish(x)),
  one((x) => torch.where(x.gt(0.37), x, x.mul(0.1).add(0.333))),
  one((x) => x.maskedFill(x.lt(-0.41), -0.41)),
  one((x) => x.lt(0.1237).to(x.dtype).mul(0.5)),
  one((x) => x.detach().round().mul(0.25)),
  one((x) => x.to("float64").mul(1.1).to(x.dtype)),
  one((x) => x.remainder(0.75).mul(x.detach().gt(9).to(x.dtype)).add(x)),
  one((x) => torch.where(x.isfinite().logicalAnd(x.ne(0.123)), x, 0.5)),
  one((x) => x.lt(0.3571).logicalOr(x.gt(0.7193)).logicalNot().to("int32").add(2).to(x.dtype)),
  one((x) => F.hardtanh(x, -0.8, 0.8)),
  one((x) => F.selu(tame(x))),
  one((x) => F.softsign(x)),
  one((x) => F.relu6(x.mul(3))),
  one((x) => F.threshold(x, 0.123, 0.1)),
];

const binary: readonly Maker[] = [
  two((x, y) => x.add(y)),
  two((x, y) => x.add(y, { alpha: 0.3 })),
  two((x, y) => x.sub(y)),
  two((x, y) => x.mul(tame(y))),
  two((x, y) => x.div(y.abs().add(1))),
  two((x, y) => x.maximum(y)),
  two((x, y) => x.minimum(y)),
  two((x, y) => torch.where(y.gt(0.2113), x, y)),
  two((x, y) => x.atan2(y.abs().add(1))),
  two((x, y) => torch.hypot(x, y.abs().add(1))),
  (p) => {
    const x = anyOf(p);
    const y = pick(p, (z) => String(z.shape) === String(x.shape))!;
    return x.lerp(y, 0.3);
  },
  (p) => {
    const x = anyOf(p);
    const same = (z: Tensor): boolean => String(z.shape) === String(x.shape);
    return x.addcmul(tame(pick(p, same)!), pick(p, same)!, { value: 0.5 });
  },
];

const views: readonly Maker[] = [
  (p) => {
    const x = withDims(p, 2);
    return x?.transpose(dimOf(p, x), dimOf(p, x));
  },
  (p) => {
    const x = withDims(p, 2);
    return x?.permute(p.random.shuffle([...Array(x.ndim).keys()]));
  },
  (p) => anyOf(p).reshape(-1),
  (p) => {
    const x = withDims(p, 1);
    return x?.reshape(p.random.shuffle(shapeOf(x)));
  },
  (p) => {
    const x = withDims(p, 0, 3);
    return x?.unsqueeze(p.random.below(x.ndim + 1));
  },
  (p) => anyOf(p).squeeze(),
  (p) => {
    const x = withDims(p, 1);
    if (!x) return null;
    const d = dimOf(p, x);
    const n = x.size(d) as number;
    if (n < 2) return null;
    const start = p.random.below(n - 1);
    return x.narrow(d, start, p.random.between(1, n - start));
  },
  (p) => {
    const x = withDims(p, 1);
    if (!x || (x.shape as number[])[0]! < 1) return null;
    return x.at(p.random.pick(["1:", ":-1", "::2", "..., ::2", "..., None", "0", "..., -1"]));
  },
  (p) => {
    const x = withDims(p, 1);
    return x && p.random.pick(x.chunk(2, dimOf(p, x)));
  },
  (p) => {
    const x = withDims(p, 1);
    return x?.flip(dimOf(p, x));
  },
  (p) => {
    const x = withDims(p, 1);
    return x?.roll(p.random.between(-2, 2), dimOf(p, x));
  },
  (p) => {
    const x = pick(p, (y) => size(y) <= 60 && y.ndim < 4);
    return x?.expand(p.random.between(1, 3), ...shapeOf(x));
  },
  (p) => {
    const x = pick(p, (y) => size(y) <= 60 && y.ndim >= 1);
    return x?.repeat(shapeOf(x).map(() => p.random.between(1, 2)));
  },
  (p) => {
    const x = withDims(p, 1);
    return x && F.pad(x, [p.random.below(3), p.random.below(3)]);
  },
  (p) => {
    const x = withDims(p, 2);
    return x && p.random.pick([x.tril(), x.triu(1), x.diagonal()]);
  },
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && size(y) <= 150);
    if (!x) return null;
    const d = dimOf(p, x);
    const others = p.floats.filter(
      (y) =>
        y.ndim === x.ndim &&
        size(y) <= 150 &&
        shapeOf(y).every((n, i) => i === (d + x.ndim) % x.ndim || n === shapeOf(x)[i]),
    );
    return torch.cat([x, p.random.pick(others), ...(p.random.chance(0.3) ? [x] : [])], d);
  },
  (p) => {
    const x = pick(p, (y) => size(y) <= 150 && y.ndim < 4);
    if (!x) return null;
    const other = p.random.pick(p.floats.filter((y) => String(y.shape) === String(x.shape)));
    return torch.stack([x, other], p.random.below(x.ndim + 1));
  },
  (p) => anyOf(p).contiguous(),
  (p) => anyOf(p).clone(),
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && shapeOf(y).at(-1)! >= 3 && size(y) <= 120);
    return x?.unfold(-1, 3, p.random.between(1, 2));
  },
  (p) => {
    const x = pick(p, (y) => y.ndim >= 2 && size(y) > 0);
    return x?.select(dimOf(p, x), 0);
  },
  (p) => {
    const x = pick(p, (y) => y.ndim >= 2 && y.ndim <= 3);
    return x?.rot90(1, [0, 1]);
  },
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && size(y) <= 100);
    return x?.repeatInterleave(2, dimOf(p, x));
  },
  (p) => {
    const x = pick(p, (y) => y.ndim === 3 && size(y) > 0 && size(y) <= 100);
    return x && F.interpolate(x, { scaleFactor: 2, mode: p.random.pick(["nearest", "linear"] as const) });
  },
];

/** A reduction over some dimensions, as many elements as there are. */
const reduced =
  (f: (x: Tensor, dim: number | number[], keepdim: boolean) => Tensor, several = true): Maker =>
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && size(y) > 0);
    if (!x) return null;
    const dims = p.random.shuffle([...Array(x.ndim).keys()]).slice(0, p.random.between(1, x.ndim));
    return f(x, several && p.random.chance(0.5) ? dims : dims[0]!, p.random.chance(0.5));
  };

const reductions: readonly Maker[] = [
  reduced((x, d, keepdim) => x.sum(d, { keepdim })),
  reduced((x, d, keepdim) => x.mean(d, { keepdim })),
  reduced((x, d, keepdim) => x.amax(d, { keepdim })),
  reduced((x, d, keepdim) => x.amin(d, { keepdim })),
  reduced((x, d, keepdim) => x.var(d, { keepdim, correction: 0 })),
  reduced((x, d, keepdim) => x.logsumexp(d, { keepdim })),
  reduced((x, d) => x.norm(2, d).add(0.1)),
  reduced((x, d, keepdim) => tame(x).prod(d as number, { keepdim }), false),
  reduced((x, d) => x.max(d as number)[0], false),
  reduced((x, d) => x.cumsum(d as number).mul(0.2), false),
  reduced(
    (x, d) =>
      x
        .argmax(d as number)
        .to(x.dtype)
        .mul(0.1),
    false,
  ),
  reduced((x, d) => F.softmax(x, d as number), false),
  reduced((x, d) => F.logSoftmax(x, d as number), false),
  reduced((x, d) => x.sort(d as number)[0], false),
  reduced((x, d) => x.topk(1, d as number)[0], false),
  reduced((x, d) => tame(x).cumprod(d as number), false),
  reduced((x, d) => x.cummax(d as number)[0], false),
  reduced(
    (x, d, keepdim) =>
      x
        .gt(0.2477)
        .any(d as number, { keepdim })
        .to(x.dtype),
    false,
  ),
  reduced(
    (x, d, keepdim) =>
      x
        .gt(-0.3119)
        .sum(d as number, { keepdim })
        .to(x.dtype)
        .mul(0.1),
    false,
  ),
  reduced((x, d) => F.normalize(x.add(0.3), { dim: d as number, eps: 0.1 }), false),
  (p) => anyOf(p).sum(),
  (p) => pick(p, (x) => size(x) > 0)?.mean() ?? null,
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && (y.shape as number[]).at(-1)! > 1);
    return x && F.layerNorm(x, [(x.shape as number[]).at(-1)!], { eps: 0.01 });
  },
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && (y.shape as number[]).at(-1)! > 1);
    if (!x) return null;
    const centred = x.sub(x.mean(-1, { keepdim: true }));
    return centred.div(centred.square().mean(-1, { keepdim: true }).add(0.1).sqrt());
  },
];

const products: Maker[] = [
  (p) => {
    const x = withDims(p, 1);
    if (!x) return null;
    const k = shapeOf(x).at(-1)!;
    if (k === 0 || size(x) / k > 80) return null;
    return x.matmul(p.weight(k, p.random.pick([1, 3, 4, 8])));
  },
  (p) => {
    const x = withDims(p, 2, 3);
    if (!x) return null;
    const k = shapeOf(x).at(-1)!;
    if (k === 0 || size(x) / k > 80) return null;
    const n = p.random.pick([2, 5]);
    const bias = p.random.chance(0.5) ? p.weight(1, n).reshape(n) : undefined;
    return bias ? F.linear(x, p.weight(n, k), bias) : F.linear(x, p.weight(n, k));
  },
  (p) => {
    const x = pick(p, (y) => y.ndim >= 2 && y.ndim <= 4 && shapeOf(y).at(-2)! <= 12);
    return x && tame(x.matmul(tame(x).transpose(-1, -2)));
  },
  (p) => {
    const x = pick(p, (y) => y.ndim === 2 && shapeOf(y)[1]! <= 12);
    return x && tame(x.t().mm(x));
  },
  (p) => {
    const x = pick(p, (y) => y.ndim === 3 && shapeOf(y)[1]! <= 12);
    return x && F.scaledDotProductAttention(x, tame(x), x);
  },
  (p) => {
    const x = pick(p, (y) => y.ndim === 2 && size(y) <= 100);
    return x && torch.einsum("ij,kj->ik", x, tame(x)).mul(0.3);
  },
];

/** A signal or an image of some tensor's elements: what convolutions take. */
function image(p: Pool, channels: number, least: number): Tensor | null {
  const x = pick(p, (y) => size(y) >= channels * least);
  if (!x) return null;
  const n = Math.min(Math.floor(size(x) / channels), 24);
  return x
    .reshape(-1)
    .narrow(0, 0, n * channels)
    .reshape(1, channels, n);
}

products.push(
  (p) => {
    const x = image(p, 2, 4);
    return (
      x &&
      F.conv1d(x, p.weight(3, 6).reshape(3, 2, 3), null, {
        padding: p.random.below(2),
        stride: p.random.between(1, 2),
      })
    );
  },
  (p) => {
    const x = image(p, 2, 6);
    const w = p.weight(4, 8).reshape(4, 2, 2, 2);
    return x && F.conv2d(x.narrow(2, 0, 6).reshape(1, 2, 2, 3), w, p.weight(1, 4).reshape(4), { padding: 1 });
  },
  (p) => {
    const x = image(p, 2, 3);
    return x && F.convTranspose1d(x, p.weight(2, 6).reshape(2, 3, 2), null, { stride: 2 });
  },
  (p) => {
    const x = image(p, 1, 4);
    return (
      x && p.random.pick([() => F.maxPool1d(x, 2), () => F.avgPool1d(x, 3, { stride: 2, padding: 1 })])()
    );
  },
  (p) => {
    const x = pick(p, (y) => y.ndim === 2 && size(y) > 0 && size(y) <= 100);
    if (!x) return null;
    const [n, k] = shapeOf(x) as [number, number];
    const w = p.weight(k, 3);
    return torch.addmm(p.weight(1, 3).reshape(3), x, w, { beta: 0.5, alpha: 0.3 }).narrow(0, 0, n);
  },
);

const indexing: readonly Maker[] = [
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && size(y) <= 120 && shapeOf(y)[0]! >= 3);
    return x?.indexSelect(0, p.random.pick(p.numbers));
  },
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && size(y) <= 120 && shapeOf(y)[0]! >= 3);
    return x?.at([p.random.pick(p.numbers)]);
  },
  (p) => {
    const x = pick(p, (y) => y.ndim === 2 && shapeOf(y)[1]! >= 3);
    if (!x) return null;
    const index = p.random.pick(p.numbers);
    const n = Math.min(index.size(0) as number, shapeOf(x)[0]!);
    return x.narrow(0, 0, n).gather(1, index.narrow(0, 0, n).unsqueeze(1).to("int64"));
  },
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && size(y) > 0);
    if (!x) return null;
    const index = p.random.pick(p.numbers);
    const n = Math.min(index.size(0) as number, shapeOf(x)[0]!);
    const target = x.newZeros([3, ...shapeOf(x).slice(1)]);
    return target.indexAdd(0, index.narrow(0, 0, n), x.narrow(0, 0, n));
  },
  (p) => F.embedding(p.random.pick(p.numbers), p.weight(3, p.random.pick([2, 5]))),
  (p) => {
    const x = pick(p, (y) => y.ndim === 2 && size(y) > 0);
    if (!x) return null;
    const index = p.random.pick(p.numbers);
    const n = Math.min(index.size(0) as number, shapeOf(x)[0]!);
    const target = x.newZeros([shapeOf(x)[0]!, 3]);
    return target.scatterAdd(1, index.narrow(0, 0, n).unsqueeze(1).to("int64"), x);
  },
  (p) => {
    const x = pick(p, (y) => y.ndim === 2 && shapeOf(y)[1]! >= 3 && shapeOf(y)[0]! >= 3);
    if (!x) return null;
    const index = p.random.pick(p.numbers);
    return x.at([index, index.flip(0)]);
  },
  (p) => {
    const x = pick(p, (y) => y.ndim >= 1 && shapeOf(y)[0]! >= 3 && size(y) <= 120);
    if (!x) return null;
    const copy = x.clone();
    copy.set([p.random.pick(p.numbers)], 0.25);
    return copy;
  },
  (p) => {
    const x = anyOf(p);
    const n = p.random.pick(p.numbers);
    return n.mul(3).sub(1).bitwiseAnd(5).max(n).to(x.dtype).mul(0.3);
  },
  (p) => {
    const x = pick(p, (y) => y.ndim === 2 && size(y) > 0);
    return x?.gather(1, x.detach().argsort(1));
  },
  (p) => F.oneHot(p.random.pick(p.numbers).to("int64"), 4).to(anyOf(p).dtype),
];

/** A copy that is changed through views, and tensors from outside that are changed. */
const inPlace: readonly Maker[] = [
  (p) => {
    const x = withDims(p, 1);
    if (!x || shapeOf(x)[0]! < 1) return null;
    const copy = x.clone();
    const part = copy.at(p.random.pick(["0", "1:", "::2", "..., :1"]));
    p.random.pick([
      () => part.mul_(0.5),
      () => part.add_(1),
      () => part.zero_(),
      () => part.fill_(0.3),
      () => part.clampMin_(0.2),
      () => part.copy_(part.detach().cos()),
    ])();
    return copy;
  },
  (p) => {
    const x = withDims(p, 2);
    if (!x || shapeOf(x)[0]! < 1) return null;
    const copy = x.clone();
    copy.set("0", copy.detach().mean(0));
    copy.transpose(0, 1).mul_(0.9);
    return copy;
  },
  (p) => anyOf(p).clone().mul_(0.7).add_(0.1).relu_(),
  (p) => {
    const x = anyOf(p).clone();
    x.add_(partnerWithin(p, x), { alpha: 0.5 });
    return x;
  },
  (p) => {
    if (p.buffers.length === 0) return null;
    const buffer = p.random.pick(p.buffers);
    const with_ = p.floats.filter((x) => String(x.shape) === String(buffer.shape));
    torch.noGrad(() => {
      buffer.mul_(0.9);
      if (with_.length > 0) buffer.add_(tame(p.random.pick(with_).detach()), { alpha: 0.1 });
      else buffer.add_(0.05);
    });
    return buffer.clone();
  },
  (p) => {
    if (p.buffers.length === 0) return null;
    const buffer = p.random.pick(p.buffers);
    if (buffer.ndim < 1 || shapeOf(buffer)[0]! < 2) return null;
    torch.noGrad(() => {
      buffer.at("1:").copy_(buffer.at(":-1").clone());
      buffer.at("0").sin_();
    });
    return buffer.mul(1);
  },
];

/** A tensor that broadcasts to the shape of `x`. */
function partnerWithin(p: Pool, x: Tensor): Tensor {
  const d = x.ndim === 0 ? 0 : p.random.below(x.ndim);
  if (x.ndim === 0 || shapeOf(x)[d] === 0) return x.detach().cos();
  return x.detach().narrow(d, 0, 1).cos();
}

const chance: readonly Maker[] = [
  (p) => F.dropout(anyOf(p), 0.3, { training: true }),
  (p) => {
    const x = anyOf(p);
    return x.mul(torch.rand(shapeOf(x), { dtype: x.dtype }));
  },
  (p) => {
    const x = anyOf(p);
    return x.add(torch.randn(shapeOf(x), { dtype: x.dtype }).mul(0.1));
  },
  (p) => {
    const x = anyOf(p);
    return x.mul(torch.bernoulli(torch.full(shapeOf(x), 0.4, { dtype: x.dtype })));
  },
  (p) => {
    const x = anyOf(p);
    return x.add(x.detach().clone().uniform_(-0.1, 0.1));
  },
];

const families: readonly (readonly [weight: number, makers: readonly Maker[]])[] = [
  [6, unary],
  [5, binary],
  [4, views],
  [4, reductions],
  [3, products],
  [2, indexing],
  [2, inPlace],
  [1, chance],
];
const total = families.reduce((sum, [weight]) => sum + weight, 0);

/** Adds the result of an op to the pool; nothing if the one that was chosen has nothing to work on. */
export function addRandomOp(p: Pool): void {
  let at = p.random.below(total);
  const [, makers] = families.find(([weight]) => (at -= weight) < 0)!;
  const made = p.random.pick(makers)(p);
  if (made && size(made) <= 400 && made.ndim <= 4) p.floats.push(made);
}

/** A number that depends on `x` and has a gradient. */
export function randomLoss(p: Pool): Tensor {
  const x = pick(p, (y) => size(y) > 0 && y.requiresGrad) ?? anyOf(p);
  const target = x.detach().cos();
  const matrix = pick(p, (y) => y.ndim === 2 && shapeOf(y)[1]! >= 3 && shapeOf(y)[0]! > 0 && y.requiresGrad);
  const labels = p.random.pick(p.numbers).to("int64");
  const choices: (() => Tensor)[] = [
    () => x.mean(),
    () => tame(x).square().sum(),
    () => F.mseLoss(x, target),
    () => F.smoothL1Loss(x, target),
    () => F.huberLoss(x, target),
    () => F.binaryCrossEntropyWithLogits(x, target.sigmoid()),
    () => F.l1Loss(x, target.add(5)),
  ];
  if (matrix) {
    const n = Math.min(shapeOf(matrix)[0]!, labels.size(0) as number);
    const [scores, classes] = [matrix.narrow(0, 0, n), labels.narrow(0, 0, n)];
    choices.push(() => F.crossEntropy(scores, classes));
    choices.push(() => F.crossEntropy(scores, classes, { labelSmoothing: 0.1 }));
    choices.push(() => F.nllLoss(F.logSoftmax(scores, 1), classes));
    choices.push(() =>
      F.klDiv(F.logSoftmax(scores, 1), F.softmax(scores.detach().cos(), 1), { reduction: "sum" }),
    );
  }
  return p.random.pick(choices)();
}
