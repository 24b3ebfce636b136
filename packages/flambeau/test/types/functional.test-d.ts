// Functions of neural networks: the shapes of activations, losses and of what moves pixels.

import * as nn from "../../src/nn/index.ts";
import { nativeBatchNorm } from "../../src/ops/index.ts";
import type { AnyTensor, Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

const F = nn.functional;
declare const a: Tensor<[5, 20]>;
declare const d: Tensor<[5, 20], "float64">;
declare const i: Tensor<[5, 20], "int32">;
declare const v: Tensor<[20]>;
declare const bad: Tensor<[7]>;
declare const image: Tensor<[2, 8, 4, 6]>;
declare const classes: Tensor<[5], "int32">;
declare const sequence: Tensor<[50, 16, 20]>;
declare const plain: Tensor;
declare const anything: AnyTensor;
declare const reduction: "none" | "mean" | "sum";

// ---- activations keep shape and dtype
is<Tensor<[5, 20]>>()(F.silu(a));
is<Tensor<[5, 20]>>()(F.relu(a, { inplace: true }));
is<Tensor<[5, 20], "float64">>()(F.elu(d, 0.5));
is<Tensor<[5, 20]>>()(F.leakyRelu(a, 0.1, { inplace: true }));
is<Tensor<[5, 20], "int32">>()(F.hardtanh(i, -2, 2));
is<Tensor<[5, 20]>>()(F.rrelu(a, 0.1, 0.3, { training: true }));
is<Tensor<[5, 20]>>()(F.selu_(a));
is<Tensor<[5, 20]>>()(F.gelu(a, { approximate: "tanh" }));
is<Tensor<[5, 20]>>()(F.sigmoid(i));
is<Tensor>()(F.mish(plain));
is<Tensor<[5, 20]>>()(F.softmax(a, 1));
is<Tensor<[5, 20], "float64">>()(F.logSoftmax(i, -1, { dtype: "float64" }));
is<Tensor<[5, 20]>>()(F.normalize(a, { p: 1 }));
is<Tensor<[5, 20]>>()(F.dropout(a, 0.2));
is<Tensor<[5, 20]>>()(F.gumbelSoftmax(a, { hard: true }));
// @ts-expect-error "no such approximation"
F.gelu(a, { approximate: "cubic" });

// ---- losses are 0-d unless they are not reduced
is<Tensor<[]>>()(F.mseLoss(a, a));
is<Tensor<[5, 20]>>()(F.mseLoss(a, v, { reduction: "none" }));
is<Tensor<[]>>()(F.huberLoss(a, a, { delta: 2 }));
is<Tensor<[5, 20]>>()(F.smoothL1Loss(a, a, { beta: 2, reduction: "none" }));
is<Tensor>()(F.l1Loss(a, a, { reduction }));
is<Tensor<[]>>()(F.klDiv(a, a, { reduction: "batchmean" }));
is<Tensor<[]>>()(F.crossEntropy(a, classes));
is<Tensor<[5]>>()(F.crossEntropy(a, classes, { reduction: "none", labelSmoothing: 0.1 }));
is<Tensor<[2, 4, 6]>>()(F.nllLoss(image, anything, { reduction: "none" }));
is<Tensor<[]>>()(F.nllLoss(v, anything, { reduction: "none" }));
is<Tensor<[5, 20]>>()(F.binaryCrossEntropy(a, a, { reduction: "none" }));
is<Tensor<[]>>()(F.marginRankingLoss(a, a, a, { margin: 1 }));
is<Tensor<[5, 20]>>()(F.gaussianNllLoss(a, v, a, { reduction: "none" }));
is<Tensor<[5]>>()(F.tripletMarginLoss(a, a, v, { reduction: "none" }));
is<Tensor<[5]>>()(F.multilabelMarginLoss(a, i, { reduction: "none" }));
is<Tensor<[5]>>()(F.multiMarginLoss(a, classes, { reduction: "none", p: 2 }));
is<Tensor<[16]>>()(F.ctcLoss(sequence, anything, [1], [1], { reduction: "none" }));
is<Tensor<[]>>()(F.ctcLoss(sequence, anything, [1], [1], { blank: 3 }));
// @ts-expect-error "mseLoss: shapes cannot be broadcast: [5, 20] and [7]"
F.mseLoss(a, bad);
// @ts-expect-error "no such reduction"
F.mseLoss(a, a, { reduction: "median" });
// @ts-expect-error "tripletMarginLoss: shapes cannot be broadcast: [5, 20] and [7]"
F.tripletMarginLoss(a, a, bad);

// ---- normalisation, attention, classes, pixels
is<Tensor<[2, 8, 4, 6]>>()(F.batchNorm(image, null, null, { training: true }));
is<Tensor<[5, 20]>>()(F.layerNorm(a, [20]));
is<Tensor<[2, 8, 4, 6]>>()(F.groupNorm(image, 2));
is<Tensor<[2, 8, 4, 6]>>()(F.localResponseNorm(image, 3));
is<Tensor<[2, 8, 4, 6]>>()(nativeBatchNorm(image, null, null, null, null, true, 0.1, 1e-5)[0]);
is<Tensor<[50, 16, 7]>>()(F.scaledDotProductAttention(sequence, sequence, {} as Tensor<[50, 16, 7]>));
is<Tensor<[5, 20, 7], "int32">>()(F.oneHot(i, 7));
is<Tensor<[5, number], "int32">>()(F.oneHot(classes));
is<Tensor<[5, 20, 3]>>()(F.embedding(i, {} as Tensor<[100, 3]>));
is<Tensor<[2, 2, 8, 12]>>()(F.pixelShuffle(image, 2));
is<Tensor<[2, 32, 2, 3]>>()(F.pixelUnshuffle(image, 2));
is<Tensor<[2, 8, 4, 6]>>()(F.channelShuffle(image, 4));

// ---- modules
is<Tensor<[2, 2, 8, 12]>>()(new nn.PixelShuffle(2)(image));
is<Tensor<[2, 32, 2, 3]>>()(new nn.PixelUnshuffle(2)(image));
is<Tensor<[]>>()(new nn.TripletMarginLoss()(a, a, a));
is<Tensor<[5]>>()(new nn.MultiLabelSoftMarginLoss({ reduction: "none" })(a, a));
is<Tensor<[16]>>()(new nn.CTCLoss({ reduction: "none" })(sequence, anything, [1], [1]));
is<Tensor<[]>>()(new nn.PoissonNLLLoss({ full: true })(a, a));
