// What the lesson says, in English and Chinese.

/** What came of one network. */
export interface Line {
  readonly accuracy: number;
  readonly firstGradient: number;
  readonly lastGradient: number;
}

/** The texts of one language. */
export interface Texts {
  readonly without: string;
  readonly with: string;
  readonly epoch: string;
  readonly step: string;
  readonly loss: string;
  readonly lossTitle: string;
  readonly gradientTitle: string;
  readonly layer: string;
  readonly norm: string;
  mapTitle(normalised: boolean, trained: boolean): string;
  readonly activation: string;
  readonly stateTitle: string;
  readonly momentumTitle: string;
  readonly batch: string;
  readonly truth: string;
  readonly cumulative: string;
  readonly heading: readonly string[];
  readonly stateHeading: readonly string[];
  equal(flat: number, images: number): string;
  modes(probabilities: readonly number[], evaluated: number): string;
  meaning(without: Line, withNorm: Line): string;
  momenta(cumulative: number, slow: number, batches: number): string;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const small = (x: number): string => x.toExponential(1);
const list = (xs: readonly number[]): string => xs.map((x) => x.toFixed(3)).join(", ");

const en: Texts = {
  without: "without",
  with: "with batch normalisation",
  epoch: "epoch",
  step: "step",
  loss: "loss",
  lossTitle: "loss",
  gradientTitle: "gradient norms in the first step",
  layer: "layer",
  norm: "norm",
  mapTitle: (normalised, trained) =>
    `${normalised ? "with" : "without"}, ${trained ? "trained" : "at the start"}`,
  activation: "activation",
  stateTitle: "state of layer 1, feature 0",
  momentumTitle: "running mean by momentum",
  batch: "batch",
  truth: "true mean",
  cumulative: "cumulative",
  heading: ["network", "first loss", "last loss", "accuracy (train)", "accuracy (eval)"],
  stateHeading: ["state of layer 1, feature 0", "before", "after training"],
  equal: (flat, images) =>
    `The layer by hand and nn.BatchNorm1d differ by at most ${small(flat)} of the largest value, in outputs, gradients and running statistics; ` +
    `on images, from nn.BatchNorm2d, by ${small(images)}.`,
  modes: (probabilities, evaluated) =>
    `One example in three different batches, in training mode: the network gives its class the probabilities ${list(probabilities)}, because its ` +
    `companions set mean and variance. In evaluation mode it is ${evaluated.toFixed(3)}, whoever is there.`,
  meaning: (without, withNorm) =>
    `In the first step the gradient of the plain network is ${small(without.firstGradient)} in its first layer and ${small(without.lastGradient)} in its last: ` +
    `a factor of ${small(without.lastGradient / without.firstGradient)}. With normalisation it is ${small(withNorm.lastGradient / withNorm.firstGradient)}. ` +
    `So the one ends with ${percent(without.accuracy)} of the points right, the other with ${percent(withNorm.accuracy)}.`,
  momenta: (cumulative, slow, batches) =>
    `After ${batches} batches of N(3, 2²) the cumulative average is at ${cumulative.toFixed(3)}, that with momentum 0.01 still at ${slow.toFixed(3)}.`,
};

const zh: Texts = {
  without: "不用",
  with: "用批量规范化",
  epoch: "迭代周期",
  step: "步",
  loss: "损失",
  lossTitle: "损失",
  gradientTitle: "第一步中各层的梯度范数",
  layer: "层",
  norm: "范数",
  mapTitle: (normalised, trained) => `${normalised ? "用" : "不用"}，${trained ? "训练后" : "训练前"}`,
  activation: "激活值",
  stateTitle: "第 1 层第 0 个特征的状态",
  momentumTitle: "不同动量下的移动平均",
  batch: "批量",
  truth: "真实均值",
  cumulative: "累积平均",
  heading: [
    "网络",
    "最初损失",
    "最后损失",
    "精度（训练模式）",
    "精度（评估模式）",
    "第 1 层梯度",
    "最后一层梯度",
  ],
  stateHeading: ["第 1 层第 0 个特征的状态", "训练前", "训练后"],
  equal: (flat, images) =>
    `手写的层与 nn.BatchNorm1d 相比，输出、梯度和移动统计量的差别最多是最大值的 ${small(flat)}；在图像上与 nn.BatchNorm2d 相比，是 ${small(images)}。`,
  modes: (probabilities, evaluated) =>
    `同一个样本放进三个不同的批量，训练模式下网络给它的类别的概率分别是 ${list(probabilities)}，因为均值和方差由同批的样本决定。` +
    `评估模式下则总是 ${evaluated.toFixed(3)}，与谁同在都一样。`,
  meaning: (without, withNorm) =>
    `第一步里，普通网络第一层的梯度是 ${small(without.firstGradient)}，最后一层是 ${small(without.lastGradient)}，相差 ${small(without.lastGradient / without.firstGradient)} 倍；` +
    `加上规范化后，只差 ${small(withNorm.lastGradient / withNorm.firstGradient)} 倍。于是前者最后只答对 ${percent(without.accuracy)} 的点，后者答对 ${percent(withNorm.accuracy)}。`,
  momenta: (cumulative, slow, batches) =>
    `看过 ${batches} 个 N(3, 2²) 的批量后，累积平均到了 ${cumulative.toFixed(3)}，动量为 0.01 的移动平均还在 ${slow.toFixed(3)}。`,
};

export const texts: { readonly en: Texts; readonly zh: Texts } = { en, zh };
