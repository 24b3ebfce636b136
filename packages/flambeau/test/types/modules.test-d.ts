// Shapes through modules: kernels, strides, borders, and lists of layers; errors where layers do not fit.

import * as torch from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { is } from "./expect.ts";

declare const image: Tensor<[2, 1, 28, 28]>;
declare const features: Tensor<[2, 6, 14, 14]>;
declare const single: Tensor<[6, 14, 14]>;
declare const batch: Tensor<[number, 1, 28, 28]>;
declare const signal: Tensor<[2, 3, 32]>;
declare const volume: Tensor<[2, 3, 8, 8, 8]>;
declare const unknown: Tensor;
declare const n: number;
declare const flag: boolean;
declare const list: number[];

// ---- convolutions -------------------------------------------------------------------------------------------

is<Tensor<[2, 6, 28, 28]>>()(new nn.Conv2d(1, 6, 5, { padding: 2 })(image));
is<Tensor<[2, 6, 24, 24]>>()(new nn.Conv2d(1, 6, 5)(image));
is<Tensor<[number, 6, 24, 24]>>()(new nn.Conv2d(1, 6, 5)(batch));
is<Tensor<[2, 6, 14, 13]>>()(new nn.Conv2d(1, 6, [3, 5], { stride: [2, 2], padding: [1, 1] })(image));
is<Tensor<[2, 6, 24, 24]>>()(new nn.Conv2d(1, 6, 3, { dilation: 2 })(image));
is<Tensor<[2, 6, 28, 28]>>()(new nn.Conv2d(1, 6, 3, { padding: "same" })(image));
is<Tensor<[2, 6, 26, 26]>>()(new nn.Conv2d(1, 6, 3, { padding: "valid" })(image));
is<Tensor<[2, 6, 28, 28]>>()(
  new nn.Conv2d(1, 6, 3, { padding: 1, paddingMode: "reflect", bias: false })(image),
);
is<Tensor<[12, 7, 7]>>()(new nn.Conv2d(6, 12, 3, { stride: 2, padding: 1, groups: 3 })(single));
is<Tensor<[2, 4, 30]>>()(new nn.Conv1d(3, 4, 3)(signal));
is<Tensor<[2, 4, 6, 6, 6]>>()(new nn.Conv3d(3, 4, 3)(volume));
is<Tensor<[2, 4, 63]>>()(new nn.ConvTranspose1d(3, 4, 3, { stride: 2, padding: 1 })(signal));
is<Tensor<[2, 4, 28, 28]>>()(
  new nn.ConvTranspose2d(6, 4, 3, { stride: 2, padding: 1, outputPadding: 1 })(features),
);
is<Tensor>()(new nn.ConvTranspose2d(6, 4, 3, { stride: 2 })(features, [29, 30]));
is<Tensor<[2, 4, 10, 10, 10]>>()(new nn.ConvTranspose3d(3, 4, 3)(volume));
is<Tensor<[2, 6, 24, 24]>>()(new nn.LazyConv2d(6, 5)(image));

// What is not literal is not known.
is<Tensor<[2, 6, number, number]>>()(new nn.Conv2d(1, 6, n)(image));
is<Tensor<[2, 6, number, number]>>()(new nn.Conv2d(1, 6, list)(image));
is<Tensor<[2, 6, number, number]>>()(new nn.Conv2d(1, 6, 5, { padding: n })(image));
is<Tensor<[2, 6, number, number]>>()(new nn.Conv2d(1, 6, 5, {} as nn.ConvModuleOptions)(image));
is<Tensor<[2, number, 24, 24]>>()(new nn.Conv2d(1, n, 5)(image));
is<Tensor<[2, 6, 24, number]>>()(new nn.Conv2d(1, 6, 5)({} as Tensor<[2, 1, 28, number]>));
is<Tensor>()(new nn.Conv2d(1, 6, 5)(unknown));

// Annotations, with the kernel and without.
const some: nn.Conv2d<1, 6> = new nn.Conv2d(1, 6, 5, { padding: 2 });
const any: nn.Conv2d = new nn.Conv2d(1, 6, 5, { padding: 2 });
const exact: nn.Conv2d<1, 6, 5, 1, 2> = new nn.Conv2d(1, 6, 5, { padding: 2 });
is<Tensor<[2, 6, number, number]>>()(some(image));
is<Tensor<[2, number, number, number]>>()(any(image));
is<Tensor<[2, 6, 28, 28]>>()(exact(image));
const pool: nn.MaxPool2d = new nn.MaxPool2d(2);
is<Tensor<[2, 1, number, number]>>()(pool(image));
const mean: nn.AvgPool2d = new nn.AvgPool2d(2, { stride: 1 });
const norm: nn.LayerNorm = new nn.LayerNorm(8);
const up: nn.Upsample = new nn.Upsample({ scaleFactor: 2 });
const all: nn.Module[] = [
  some,
  exact,
  pool,
  mean,
  norm,
  up,
  new nn.ZeroPad2d(1),
  new nn.Unflatten(1, [2, 3]),
];
const convs: nn.Conv2d[] = [new nn.Conv2d(1, 6, 5), new nn.Conv2d(6, 6, 3, { padding: "same" })];
void [all, convs];

// @ts-expect-error "Conv2d: expected an input with 3 channels, but [2, 1, 28, 28] has 1"
new nn.Conv2d(3, 6, 5)(image);
// @ts-expect-error "Conv2d: expected an input of 3 or 4 dimensions, but got [2, 3, 8, 8, 8]"
new nn.Conv2d(3, 6, 5)(volume);
// @ts-expect-error "Conv2d: kernel 29 is larger than its padded input [2, 1, 28, 28]"
new nn.Conv2d(1, 6, 29)(image);
// @ts-expect-error "ConvTranspose2d: expected an input with 5 channels, but [2, 6, 14, 14] has 6"
new nn.ConvTranspose2d(5, 6, 2)(features);
// @ts-expect-error an option that does not exist
new nn.Conv2d(1, 6, 5, { pading: 2 });

// ---- pooling ------------------------------------------------------------------------------------------------

is<Tensor<[2, 6, 7, 7]>>()(new nn.MaxPool2d(2)(features));
is<Tensor<[2, 6, 7, 7]>>()(new nn.MaxPool2d(2, { stride: 2 })(features));
is<Tensor<[2, 6, 13, 13]>>()(new nn.MaxPool2d(2, 1)(features));
is<Tensor<[2, 6, 7, 7]>>()(new nn.MaxPool2d(3, 2, { padding: 1 })(features));
is<Tensor<[2, 6, 7, 7]>>()(new nn.MaxPool2d(3, { stride: 2, padding: 1 })(features));
is<Tensor<[2, 6, 7, 4]>>()(new nn.MaxPool2d([2, 3])(features));
is<Tensor<[6, 7, 7]>>()(new nn.MaxPool2d(2)(single));
is<[values: Tensor<[2, 6, 7, 7]>, indices: Tensor<[2, 6, 7, 7], "int32">]>()(
  new nn.MaxPool2d(2, { returnIndices: true })(features),
);
is<[values: Tensor<[2, 6, 7, 7]>, indices: Tensor<[2, 6, 7, 7], "int32">]>()(
  new nn.MaxPool2d(2, 2, { returnIndices: true })(features),
);
is<Tensor<[2, 6, number, number]>>()(new nn.MaxPool2d(2, { ceilMode: true })(features));
is<Tensor<[2, 6, number, number]>>()(new nn.MaxPool2d(2, { ceilMode: flag })(features));
is<Tensor<[2, 6, number, number]>>()(new nn.MaxPool2d(n)(features));
is<Tensor<[2, 3, 16]>>()(new nn.MaxPool1d(2)(signal));
is<Tensor<[2, 3, 4, 4, 4]>>()(new nn.MaxPool3d(2)(volume));
is<Tensor<[2, 6, 7, 7]>>()(new nn.AvgPool2d(2)(features));
is<Tensor<[2, 6, 12, 12]>>()(new nn.AvgPool2d(3, { stride: 1, countIncludePad: false })(features));
is<Tensor<[2, 6, 12, 12]>>()(new nn.AvgPool2d(3, 1)(features));
is<Tensor<[2, 3, 16]>>()(new nn.AvgPool1d(2)(signal));
is<Tensor<[2, 3, 4, 4, 4]>>()(new nn.AvgPool3d(2)(volume));
is<Tensor<[2, 6, 7, 7]>>()(new nn.LPPool2d(2, 2)(features));
is<Tensor<[2, 3, 30]>>()(new nn.LPPool1d(2, 3, 1)(signal));
is<Tensor<[2, 6, 1, 1]>>()(new nn.AdaptiveAvgPool2d(1)(features));
is<Tensor<[2, 6, 3, 14]>>()(new nn.AdaptiveAvgPool2d([3, null])(features));
is<Tensor<[2, 3, 5]>>()(new nn.AdaptiveAvgPool1d(5)(signal));
is<Tensor<[2, 3, 2, 2, 2]>>()(new nn.AdaptiveMaxPool3d(2)(volume));
is<[values: Tensor<[2, 6, 2, 2]>, indices: Tensor<[2, 6, 2, 2], "int32">]>()(
  new nn.AdaptiveMaxPool2d(2, { returnIndices: true })(features),
);
is<Tensor<[2, 6, number, number]>>()(new nn.AdaptiveAvgPool2d(n)(features));
// @ts-expect-error "MaxPool2d: expected an input of 3 or 4 dimensions, but got [2, 3, 8, 8, 8]"
new nn.MaxPool2d(2)(volume);
// @ts-expect-error "AvgPool2d: kernel 15 is larger than its padded input [2, 6, 14, 14]"
new nn.AvgPool2d(15)(features);
// @ts-expect-error "AdaptiveAvgPool1d: expected an input of 2 or 3 dimensions, but got [2, 6, 14, 14]"
new nn.AdaptiveAvgPool1d(2)(features);

// ---- borders, sizes, shuffles -------------------------------------------------------------------------------

is<Tensor<[2, 1, 30, 30]>>()(new nn.ZeroPad2d(1)(image));
is<Tensor<[2, 1, 35, 31]>>()(new nn.ZeroPad2d([1, 2, 3, 4])(image));
is<Tensor<[2, 3, 35]>>()(new nn.ConstantPad1d([1, 2], 0.5)(signal));
is<Tensor<[2, 1, 32, 32]>>()(new nn.ReflectionPad2d(2)(image));
is<Tensor<[2, 3, 34]>>()(new nn.ReplicationPad1d(1)(signal));
is<Tensor<[2, 3, 10, 10, 10]>>()(new nn.CircularPad3d(1)(volume));
is<Tensor<[2, 1, number, number]>>()(new nn.ZeroPad2d(n)(image));
is<Tensor<[2, 1, number, number]>>()(new nn.ZeroPad2d(list)(image));
// @ts-expect-error "ReflectionPad2d: expected an input of 3 or 4 dimensions, but got [2, 3, 8, 8, 8]"
new nn.ReflectionPad2d(1)(volume);
is<Tensor<[2, 6, 28, 28]>>()(new nn.Upsample({ scaleFactor: 2 })(features));
is<Tensor<[2, 6, 28, 42]>>()(new nn.Upsample({ scaleFactor: [2, 3], mode: "bilinear" })(features));
is<Tensor<[2, 6, number, number]>>()(new nn.Upsample({ scaleFactor: 1.5 })(features));
is<Tensor<[2, 6, 20, 20]>>()(new nn.Upsample({ size: 20 })(features));
is<Tensor<[2, 6, 20, 30]>>()(new nn.UpsamplingBilinear2d({ size: [20, 30] })(features));
is<Tensor<[2, 6, 56, 56]>>()(new nn.UpsamplingNearest2d({ scaleFactor: 4 })(features));
is<Tensor<[2, 2, 28, 28]>>()(new nn.PixelShuffle(2)({} as Tensor<[2, 8, 14, 14]>));
is<Tensor<[2, 24, 7, 7]>>()(new nn.PixelUnshuffle(2)(features));
is<Tensor<[2, 1176]>>()(new nn.Flatten()(features));
is<Tensor<[2, 84, 14]>>()(new nn.Flatten(1, 2)(features));
is<Tensor<[2, 2, 3, 14, 14]>>()(new nn.Unflatten(1, [2, 3])(features));
is<Tensor<[2, 6, 14, 7, 2]>>()(new nn.Unflatten(-1, [-1, 2])(features));
is<Tensor<[2, number, 2]>>()(new nn.Unflatten(1, [-1, 2])({} as Tensor<[2, number]>));
is<Tensor>()(new nn.Unflatten(n, [2, 3])(features));
// @ts-expect-error "Unflatten: shape '[4, 2]' is invalid for input of size 6 (input shape [6])"
new nn.Unflatten(1, [4, 2])(features);
is<Tensor<[2, 3, 14, 14]>>()(new nn.GLU(1)(features));
is<Tensor<[2, 6, 14, 7]>>()(new nn.GLU()(features));

// ---- normalisations -----------------------------------------------------------------------------------------

is<Tensor<[2, 6, 14, 14]>>()(new nn.BatchNorm2d(6)(features));
is<Tensor<[number, 1, 28, 28]>>()(new nn.BatchNorm2d(1)(batch));
is<Tensor<[2, 3, 32]>>()(new nn.BatchNorm1d(3)(signal));
is<Tensor<[6, 14, 14]>>()(new nn.InstanceNorm2d(6)(single));
is<Tensor<[2, 6, 14, 14]>>()(new nn.GroupNorm(2, 6)(features));
is<Tensor<[2, 6, 14, 14]>>()(new nn.LayerNorm(14)(features));
is<Tensor<[2, 6, 14, 14]>>()(new nn.LayerNorm([6, 14, 14])(features));
is<Tensor<[2, 6, 14, 14]>>()(new nn.RMSNorm([14, 14])(features));
is<Tensor<[2, 6, 14, 14]>>()(new nn.LayerNorm(n)(features));
is<Tensor<[2, 6, 14, 14]>>()(new nn.LayerNorm(list)(features));
// @ts-expect-error "BatchNorm2d: expected an input with 5 channels, but [2, 6, 14, 14] has 6"
new nn.BatchNorm2d(5)(features);
// @ts-expect-error "BatchNorm2d: expected an input of 4 dimensions, but got [6, 14, 14]"
new nn.BatchNorm2d(6)(single);
// @ts-expect-error "BatchNorm1d: expected an input of 2 or 3 dimensions, but got [2, 6, 14, 14]"
new nn.BatchNorm1d(6)(features);
// @ts-expect-error "InstanceNorm2d: expected an input with 5 channels, but [6, 14, 14] has 6"
new nn.InstanceNorm2d(5)(single);
// @ts-expect-error "GroupNorm: expected an input with 8 channels, but [2, 6, 14, 14] has 6"
new nn.GroupNorm(2, 8)(features);
// @ts-expect-error "LayerNorm: expected an input whose last dimensions are [15], but got [2, 6, 14, 14]"
new nn.LayerNorm(15)(features);
// @ts-expect-error "RMSNorm: expected an input whose last dimensions are [5, 14], but got [2, 6, 14, 14]"
new nn.RMSNorm([5, 14])(features);

// ---- lists of layers ----------------------------------------------------------------------------------------

const lenet = new nn.Sequential(
  new nn.Conv2d(1, 6, 5, { padding: 2 }),
  new nn.BatchNorm2d(6),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(6, 16, 5),
  new nn.Dropout2d(0.5),
  new nn.Tanh(),
  new nn.AvgPool2d(2, 2),
  new nn.Flatten(),
  new nn.Linear(400, 120),
  new nn.Sigmoid(),
  new nn.Linear(120, 10),
);
is<Tensor<[2, 10]>>()(lenet(image));
is<Tensor<[number, 10]>>()(lenet(batch));
is<Tensor>()(lenet(unknown));
// @ts-expect-error "Conv2d: expected an input with 1 channels, but [2, 6, 14, 14] has 6"
lenet(features);
// @ts-expect-error "Linear: an input of shape [2, 576] does not fit a weight of shape [120, 400] ([out, in])"
lenet({} as Tensor<[2, 1, 32, 32]>);
is<Tensor<[2, 3]>>()(new nn.Sequential(lenet, new nn.Linear(10, 3))(image));

// Layers that do not fit are an error where they stand.
new nn.Sequential(
  new nn.Conv2d(1, 6, 5),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  // @ts-expect-error "Sequential: layer 3 takes 8 channels, layer 0 gives 6"
  new nn.Conv2d(8, 16, 5),
);
new nn.Sequential(
  new nn.Conv2d(1, 6, 5),
  new nn.ZeroPad2d(1),
  new nn.Dropout2d(),
  // @ts-expect-error "Sequential: layer 3 takes 5 channels, layer 0 gives 6"
  new nn.BatchNorm2d(5),
);
new nn.Sequential(
  new nn.Conv2d(1, 6, 5),
  // @ts-expect-error "Sequential: layer 1 takes 8 channels, layer 0 gives 6"
  new nn.GroupNorm(2, 8),
);

const words = {} as Tensor<[4, 9], "int32">;
is<Tensor<[4, 9, 16]>>()(new nn.Embedding(100, 16)(words));
is<Tensor<[4, 9, 8]>>()(new nn.Sequential(new nn.Embedding(100, 16), new nn.Linear(16, 8))(words));
new nn.Sequential(
  new nn.Embedding(100, 16),
  // @ts-expect-error "Sequential: layer 1 takes 15 features, layer 0 gives 16"
  new nn.Linear(15, 8),
);

// A user's modules.
class Block extends nn.Module {
  conv = new nn.Conv2d(1, 8, 3, { stride: 2, padding: 1 });
  norm = new nn.BatchNorm2d(8);
  pool = new nn.AdaptiveAvgPool2d([2, 2]);
  out = new nn.Linear(32, 10);
  forward(x: Tensor<[number, 1, 28, 28]>) {
    const y = this.norm(this.conv(x)).relu();
    is<Tensor<[number, 8, 14, 14]>>()(y);
    return this.out(this.pool(y).flatten(1));
  }
}
is<Tensor<[number, 10]>>()(new Block()(batch));
is<Tensor<[number, 10]>>()(new Block()(image));
// @ts-expect-error an image of another size
new Block()(features);
class Wrong extends nn.Module {
  conv = new nn.Conv2d(1, 8, 3);
  out = new nn.Linear(32, 10);
  forward(x: Tensor<[number, 1, 28, 28]>) {
    // @ts-expect-error "Linear: an input of shape [number, 5408] does not fit a weight of shape [10, 32] ([out, in])"
    return this.out(this.conv(x).flatten(1));
  }
}
void Wrong;
class Body extends nn.Module {
  layers = new nn.Sequential(new nn.Conv2d(3, 4, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2));
  head: nn.Linear<64, 5> = new nn.Linear(64, 5);
  forward(x: Tensor<[number, 3, 8, 8]>): Tensor<[number, 5]> {
    return this.head(this.layers(x).flatten(1));
  }
}
is<Tensor<[number, 5]>>()(new Body()(torch.zeros(2, 3, 8, 8)));
is<Tensor<[number, 2]>>()(new nn.Sequential(new Body(), new nn.Linear(5, 2))(torch.zeros(2, 3, 8, 8)));

/** Generic in the size of the batch. */
const run = <N extends number>(x: Tensor<[N, 1, 28, 28]>): Tensor<[N, 10]> => lenet(x);
is<Tensor<[7, 10]>>()(run({} as Tensor<[7, 1, 28, 28]>));

// ---- modules as functions -----------------------------------------------------------------------------------

const apply = <A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R => fn(...args);
is<Tensor<[2, 6, 24, 24]>>()(apply(new nn.Conv2d(1, 6, 5), image));
is<Tensor<[2, 6, 7, 7]>>()(apply(new nn.MaxPool2d(2), features));
is<Tensor<[4, 9, 16]>>()(apply(new nn.Embedding(100, 16), words));
is<Tensor<[number, 10]>>()(apply(new Block(), image));
is<Tensor<[2, 6, 24, 24]>>()(torch.utils.checkpoint.checkpoint(new nn.Conv2d(1, 6, 5), image));
is<Tensor<[number, 10]>>()(torch.utils.checkpoint.checkpoint(new Block(), image));
// A list of layers is an intersection of types, of which a generic function learns less.
const applied: Tensor = apply(lenet, image);
void applied;
// @ts-expect-error "Linear: an input of shape [2, 1, 28, 28] does not fit a weight of shape [3, 27] ([out, in])"
apply(new nn.Linear(27, 3), image);
// @ts-expect-error a missing argument
apply(new Block());
const maps: ((x: Tensor<[2, 6]>) => Tensor<[2, 3]>)[] = [
  new nn.Linear(6, 3),
  new nn.Sequential(new nn.Linear(6, 3)),
];
void maps;

// ---- sequences ----------------------------------------------------------------------------------------------

declare const sequence: Tensor<[9, 4, 5]>;
const [y1, h1] = new nn.RNN(5, 6)(sequence);
is<Tensor<[9, 4, 6]>>()(y1);
is<Tensor<[1, 4, 6]>>()(h1);
const [y2, [h2, c2]] = new nn.LSTM(5, 6, { numLayers: 2, batchFirst: true, bidirectional: true })(sequence);
is<Tensor<[9, 4, 12]>>()(y2);
is<Tensor<[4, 9, 6]>>()(h2);
is<Tensor<[4, 9, 6]>>()(c2);
const [y3, [h3, c3]] = new nn.LSTM(5, 6, { projSize: 3 })({} as Tensor<[9, 5]>);
is<Tensor<[9, 3]>>()(y3);
is<Tensor<[1, 3]>>()(h3);
is<Tensor<[1, 6]>>()(c3);
const [y4, h4] = new nn.GRU(5, 6, { batchFirst: flag, numLayers: n })({} as Tensor<[number, 4, 5]>);
is<Tensor<[number, 4, 6]>>()(y4);
is<Tensor<[number, number, 6]>>()(h4);
const gru: nn.GRU = new nn.GRU(5, 6, { batchFirst: true, numLayers: 2 });
is<Tensor<[9, 4, number]>>()(gru(sequence)[0]);
is<Tensor<[number, number, number]>>()(gru(sequence)[1]);
const lstm: nn.LSTM = new nn.LSTM(5, 6, { batchFirst: true, bidirectional: true, projSize: 2 });
is<Tensor<[9, 4, number]>>()(lstm(sequence)[0]);
is<Tensor>()(new nn.GRU(5, 6)(unknown)[0]);
// @ts-expect-error "LSTM: expected an input with 7 features, but [9, 4, 5] has 5"
new nn.LSTM(7, 6)(sequence);
// @ts-expect-error "GRU: expected an input of 2 or 3 dimensions, but got [2, 1, 28, 28]"
new nn.GRU(28, 6)(image);

is<Tensor<[4, 6]>>()(new nn.GRUCell(5, 6)({} as Tensor<[4, 5]>));
is<Tensor<[6]>>()(new nn.RNNCell(5, 6, { nonlinearity: "relu" })({} as Tensor<[5]>, null));
const [step, cell] = new nn.LSTMCell(5, 6)({} as Tensor<[number, 5]>);
is<Tensor<[number, 6]>>()(step);
is<Tensor<[number, 6]>>()(cell);
const anyCell: nn.GRUCell = new nn.GRUCell(5, 6);
is<Tensor<[4, number]>>()(anyCell({} as Tensor<[4, 5]>));
// @ts-expect-error "LSTMCell: expected an input with 7 features, but [4, 5] has 5"
new nn.LSTMCell(7, 6)({} as Tensor<[4, 5]>);
// @ts-expect-error "RNNCell: expected an input of 1 or 2 dimensions, but got [9, 4, 5]"
new nn.RNNCell(5, 6)(sequence);

is<Tensor<[4, 7]>>()(new nn.Bilinear(5, 6, 7)({} as Tensor<[4, 5]>, {} as Tensor<[4, 6]>));
// @ts-expect-error "Bilinear: expected an input whose last dimensions are [6], but got [4, 5]"
new nn.Bilinear(5, 6, 7)({} as Tensor<[4, 5]>, {} as Tensor<[4, 5]>);

const attention: nn.MultiheadAttention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
const tokens = {} as Tensor<[3, 7, 8]>;
is<Tensor<[3, 7, 8]>>()(attention(tokens, tokens, tokens)[0]);
is<Tensor<[3, 7, 8]>>()(new nn.MultiheadAttention(8, 2)(tokens, unknown, unknown, { needWeights: false })[0]);
// @ts-expect-error "MultiheadAttention: expected an input whose last dimensions are [6], but got [3, 7, 8]"
new nn.MultiheadAttention(6, 2)(tokens, tokens, tokens);
const encoderLayer = new nn.TransformerEncoderLayer(8, 2, { batchFirst: true });
is<Tensor<[3, 7, 8]>>()(encoderLayer(tokens));
is<Tensor<[3, 7, 8]>>()(new nn.TransformerEncoder(encoderLayer, 2)(tokens, { mask: null }));
is<Tensor<[3, 7, 8]>>()(
  new nn.TransformerDecoder(new nn.TransformerDecoderLayer(8, 2, 16), 2)(tokens, unknown),
);
is<Tensor<[3, 7, 8]>>()(new nn.Transformer({ dModel: 8, nhead: 2 })(unknown, tokens));
is<Tensor<[3, 7, 2]>>()(new nn.Sequential(encoderLayer, new nn.Linear(8, 2))(tokens));
// @ts-expect-error "TransformerEncoderLayer: expected an input whose last dimensions are [6], but got [3, 7, 8]"
new nn.TransformerEncoderLayer(6, 2)(tokens);
const encoder: nn.TransformerEncoder = new nn.TransformerEncoder(encoderLayer, 2);
is<Tensor<[3, 7, 8]>>()(encoder(tokens));

// ---- losses -------------------------------------------------------------------------------------------------

const scores = {} as Tensor<[5, 3]>;
const classes = {} as Tensor<[5], "int32">;
is<Tensor<[]>>()(new nn.CrossEntropyLoss()(scores, classes));
is<Tensor<[5]>>()(new nn.CrossEntropyLoss({ reduction: "none" })(scores, classes));
is<Tensor<[]>>()(new nn.NLLLoss({ reduction: "sum" })(scores, classes));
is<Tensor<[]>>()(new nn.MSELoss()(scores, scores));
is<Tensor<[5, 3]>>()(new nn.L1Loss({ reduction: "none" })(scores, scores));
is<Tensor<[5, 3]>>()(new nn.BCEWithLogitsLoss({ reduction: "none" })(scores, scores));
is<Tensor<[]>>()(new nn.TripletMarginLoss()(scores, scores, scores));
