// Views, joins, elements by number, changes in place.

import type { AnyTensor } from "../../../../src/index.ts";
import * as torch from "../../../../src/index.ts";
import { putBack } from "../../../../src/io/onnx/value.ts";
import type { Case } from "./common.ts";
import { bools, image, integers, of, pair, weights } from "./common.ts";

const F = torch.nn.functional;

export const movements: Record<string, Case[]> = {
  view: [of((a) => a.view(-1, 12)), of((a) => a.view(a.shape[0], 2, 6))],
  reshape: [
    of((a) => a.reshape(-1)),
    of((a) => a.transpose(0, 1).reshape(3, -1)),
    of((a) => a.reshape(a.shape[0] * 3, 4).reshape(a.shape[0], 3, 2, 2)),
    of((a) => a.flatten(1).unflatten(1, [6, 2])),
    of((a) =>
      a
        .transpose(0, 1)
        .reshape([3 * a.shape[0], 4])
        .reshape([3, a.shape[0], 4]),
    ),
  ],
  permute: [of((a) => a.permute(2, 0, 1)), of((a) => a.permute([1, 2, 0])), of((a) => a.movedim(0, -1))],
  transpose: [of((a) => a.transpose(0, -1)), of((a) => a.mT)],
  unsqueeze: [of((a) => a.unsqueeze(1)), of((a) => a.unsqueeze(-1)), of((a) => torch.stack([a, a.neg()], 1))],
  squeeze: [
    of((a) => a.narrow(1, 0, 1).squeeze(1)),
    of((a) => a.narrow(1, 0, 1).squeeze([1, 2])),
    of((a) => a.unsqueeze(-1).squeeze(-1)),
  ],
  expand: [
    of((a) => a.unsqueeze(1).expand(-1, 2, -1, -1)),
    of((a) => a.select(0, 0).expand(a.shape[0], 3, 4)),
    of((a) => a.sum().expand(2, a.shape[0])),
  ],
  narrow: [
    of((a) => a.split(2, 1)),
    of((a) => a.split([1, 3], -1)),
    of((a) => a.tensorSplit(3, 2)),
    of(
      (a) => a.split([1, a.shape[0] - 1], 0),
      (n) => [torch.randn(n + 1, 2)],
    ),
    of((a) => a.narrow(1, 1, 2)),
    of(
      (a) => a.narrow(0, 0, a.shape[0] - 1),
      (n) => [torch.randn(n + 1, 4)],
    ),
    of((a) => a.chunk(2, -1)),
  ],
  sliceDim: [
    of((a) => a.at(":, 1:, ::2")),
    of((a) => a.at("..., :-1")),
    of((a) => a.at("-1:, 0:2")),
    of(
      (a) => a.at(`${"1:"}`),
      (n) => [torch.randn(n + 1, 4)],
    ),
    of((a) => a.sliceDim(0, 0, a.shape[0] * 2)),
    of((a) => a.at(":3")),
    of((a) => a.at("-2:4")),
  ],
  select: [
    of((a) => a.select(1, 1)),
    of((a) => a.at(-1)),
    of((a) => a.select(0, a.shape[0] - 1)),
    of((a) => a.unbind(1)),
  ],
  cat: [
    of((a, b) => torch.cat([a, b.unsqueeze(0), a], 0), pair),
    of((a) => torch.cat([a, a.to("float64")], 1)),
    of((a) => torch.cat([a, torch.zeros(a.shape[0], 1, 4)], 1)),
    of((a) => torch.hstack([a, a])),
  ],
  repeat: [
    of((a) => a.repeat(2, 1, 1, 3)),
    of((a) => a.tile(2)),
    of((a) => a.select(0, 0).repeat(a.shape[0], 1, 1)),
  ],
  repeatInterleave: [of((a) => a.repeatInterleave(3, 1)), of((a) => a.repeatInterleave(2))],
  constantPadNd: [
    of((a) => torch.constantPadNd(a, [1, 2, 0, 1], 3)),
    of((a) => torch.constantPadNd(a, [-1, 1])),
  ],
  "nn.functional.pad()": [
    of((a) => F.pad(a, [1, 2])),
    of((a) => F.pad(a, [1, 2, 3, 1], "reflect"), image),
    of((a) => F.pad(a, [1, 2, 3, 1], "replicate"), image),
    of((a) => F.pad(a, [1, 2, 3, 0], "circular"), image),
    of(
      (a) => F.pad(a, [1, 0], "constant", 7),
      (n) => [integers(n)],
    ),
  ],
  flip: [of((a) => a.flip(0)), of((a) => a.flip([1, 2]))],
  roll: [of((a) => a.roll(1, 0)), of((a) => a.roll([1, -2], [1, 2]))],
  tril: [
    of((a) => a.tril()),
    of(
      (a) => a.tril(1),
      (n) => [integers(n)],
    ),
  ],
  triu: [of((a) => a.triu(-1)), of((a) => torch.ones(a.shape[0], a.shape[0]).triu(1))],
  "nn.functional.unfold()": [of((a) => F.unfold(a, [2, 3], { padding: 1, stride: 2 }), image)],
};

const index = (values: unknown): AnyTensor => torch.tensor(values as number[][]);
export const indexing: Record<string, Case[]> = {
  gather: [
    of(
      (a, i) => a.gather(1, i),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 2])],
    ),
    of((a) => a.takeAlongDim(a.argsort(-1), -1)),
  ],
  indexSelect: [
    of((a) => a.indexSelect(1, index([2, 0, 0]))),
    of(
      (a, i) => a.indexSelect(0, i),
      (n) => [torch.randn(n, 4), torch.randint(0, n, [3])],
    ),
  ],
  take: [
    of((a) =>
      a.take(
        index([
          [0, 5],
          [-1, 2],
        ]),
      ),
    ),
  ],
  indexTensors: [
    of(
      (i) => F.embedding(i, weights(9, 3)),
      (n) => [torch.randint(0, 9, [n, 2])],
    ),
    of((a) => a.at([":", index([1, 0])])),
    of(
      (a) => a.at([index([0, 1]), index([2, -1])]),
      (n) => [torch.randn(n + 1, 3, 4)],
    ),
    of((a) => a.at([":", index([0, 1]), index([2, -1])])),
    of((a) => a.at([index([[0], [-1]]), ":", index([2, 3, 0])])),
    of(
      (a, i) => a.at([":", i]),
      (n) => [torch.randn(n, 5), torch.tensor(3)],
    ),
    of(
      (a) => F.embeddingBag(a, weights(9, 3), null, { mode: "max" }),
      (n) => [torch.randint(0, 9, [n, 2])],
    ),
  ],
  indexPut: [
    of((a) => a.indexPut([null, index([2, 0])], torch.tensor(5, { dtype: "float32" }))),
    of((a) => a.indexPut([null, index([1, 1])], torch.ones(2, 4), true)),
    of((a) => a.indexPut([null, index([1, 0]), index([3, 3])], weights(2))),
    of((a) => a.clone().set([":", index([0, 2])], 1)),
  ],
  scatter: [
    of(
      (a, i) => a.scatter(1, i, 9),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 1])],
    ),
    of(
      (a, i) => a.scatter(1, i, weights(8, 4)),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 1])],
    ),
    of(
      (a, i) => a.scatter(1, i, 2, { reduce: "multiply" }),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 1])],
    ),
    of(
      (i) => F.oneHot(i, 5),
      (n) => [torch.randint(0, 5, [n, 2])],
    ),
  ],
  scatterReduce: [
    of(
      (a, i) => a.scatterReduce(1, i, a, "sum"),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 3])],
    ),
    of(
      (a, i) => a.scatterReduce(1, i, a, "amax"),
      (n) => [torch.randn(n, 4), torch.randint(0, 4, [n, 3])],
      18,
    ),
  ],
  put: [of((a) => a.put(index([0, -1]), weights(2))), of((a) => a.put(index([[1, 1]]), weights(1, 2), true))],
  scatterAdd: [
    of(
      (a) => torch.zeros(a.shape[0], 6).scatterAdd(1, torch.ones(a.shape[0], 4, { dtype: "int32" }), a),
      (n) => [torch.randn(n, 4)],
    ),
  ],
  indexAdd: [of((a) => a.indexAdd(1, index([0, 0, 2]), a, { alpha: 2 }))],
  indexCopy: [of((a) => a.indexCopy(1, index([2, 0]), a.narrow(1, 1, 2)))],
  indexFill: [of((a) => a.indexFill(2, index([1, 3]), 7))],
  maskedFill: [
    of((a) => a.maskedFill(a.gt(0), -1)),
    of((a, b) => a.maskedFill(b, true), bools),
    of((a) => a.clone().maskedFill_(a.lt(0), 2).mul(2)),
  ],
  copy_: [
    of((a) => a.clone().copy_(torch.ones(4)).add(a)),
    of((a) => torch.zeros(a.shape[0], 3, 4).copy_(a)),
  ],
  fill_: [of((a) => a.clone().fill_(3).add(a)), of((a) => a.zerosLike().fill_(a.sum()))],
  zero_: [of((a) => a.clone().zero_().sub(a))],
  [putBack]: [
    of((a) => {
      const y = torch.zeros(a.shape[0], 5, 4);
      y.narrow(1, 1, 3).copy_(a);
      y.select(2, 0).add_(1);
      y.transpose(1, 2).select(1, 1).mul_(2);
      return [y, y.sum(1)];
    }),
    of((a) => {
      const y = a.clone();
      const row = y.at(0);
      y.set(":, 1, ::2", 5);
      y.view(a.shape[0], 12).narrow(1, 4, 2).fill_(-1);
      y.unsqueeze(1).squeeze(1).add_(y.detach());
      return [y.mul(1), row.mul(1)];
    }),
    of((a) => {
      const y = a.mul(1);
      y.mul_(2).add_(1).relu_();
      y.transpose_(0, 2).mul_(y.detach());
      y.transpose_(0, 2);
      const [head, tail] = y.split([1, 2], 1) as [AnyTensor, AnyTensor];
      y.contiguous().add_(1);
      head.add_(tail.sum());
      y.set("-1", torch.ones(3, 4));
      return y;
    }),
  ],
};
