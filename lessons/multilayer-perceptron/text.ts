// What the lesson says, in English and Chinese.

import { short } from "../shared/output.ts";
import type { Compared } from "./lesson.ts";

/** The texts of one language. */
export interface Texts {
  readonly epoch: string;
  readonly loss: string;
  readonly trainTitle: string;
  readonly trainLegend: readonly [string, string, string];
  readonly losses: readonly [string, string];
  readonly heading: readonly string[];
  model(weightDecay: number, dropout: number): string;
  readonly digitTitle: string;
  trained(testAcc: number, nTrain: number, nTest: number): string;
  meaning(compared: readonly Compared[], few: number): string;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
/** Of four networks, the one with the smallest test loss. */
const best = (compared: readonly Compared[]): number =>
  compared.reduce((at, c, i) => (c.testLoss < compared[at]!.testLoss ? i : at), 0);

const en: Texts = {
  epoch: "epoch",
  loss: "loss",
  trainTitle: "handwritten digits, 10 classes",
  trainLegend: ["train loss", "train acc", "test acc"],
  losses: ["train loss", "test loss"],
  heading: ["network", "train loss", "test loss", "train acc", "test acc", "norm of W₁"],
  model: (weightDecay, dropout) =>
    weightDecay && dropout
      ? `decay ${weightDecay} and dropout ${dropout}`
      : weightDecay
        ? `weight decay ${weightDecay}`
        : dropout
          ? `dropout ${dropout}`
          : "neither",
  digitTitle: "what the network says (and what is true)",
  trained: (testAcc, nTrain, nTest) =>
    `Trained on ${nTrain} digits, the network reads ${percent(testAcc)} of ${nTest} others correctly.`,
  meaning(compared, few) {
    const [free] = compared;
    const at = best(compared);
    const held = compared[at]!;
    const start = `With ${few} digits to train on, the plain network ${free!.trainAcc === 1 ? "learns all of them by heart" : `gets ${percent(free!.trainAcc)} of them right`}`;
    return at === 0
      ? `${start}, and neither penalty brings its test loss of ${short(free!.testLoss)} down: with these settings they cost more than they help.`
      : `${start}, and its loss on digits it has not seen is ${short(free!.testLoss)}. ` +
          `The best of the others brings it down to ${short(held.testLoss)}, and the accuracy goes from ${percent(free!.testAcc)} to ${percent(held.testAcc)}.`;
  },
};

const zh: Texts = {
  epoch: "迭代周期",
  loss: "损失",
  trainTitle: "手写数字，10 类",
  trainLegend: ["训练损失", "训练精度", "测试精度"],
  losses: ["训练损失", "测试损失"],
  heading: ["网络", "训练损失", "测试损失", "训练精度", "测试精度", "W₁ 的范数"],
  model: (weightDecay, dropout) =>
    weightDecay && dropout
      ? `权重衰减 ${weightDecay} 加暂退 ${dropout}`
      : weightDecay
        ? `权重衰减 ${weightDecay}`
        : dropout
          ? `暂退 ${dropout}`
          : "都不用",
  digitTitle: "网络的判断（括号里是正确答案）",
  trained: (testAcc, nTrain, nTest) =>
    `用 ${nTrain} 个数字训练后，网络对另外 ${nTest} 个数字的识别精度是 ${percent(testAcc)}。`,
  meaning(compared, few) {
    const [free] = compared;
    const at = best(compared);
    const held = compared[at]!;
    const start = `只用 ${few} 个数字训练时，不加任何限制的网络${free!.trainAcc === 1 ? "把它们全背了下来" : `认对了其中的 ${percent(free!.trainAcc)}`}`;
    return at === 0
      ? `${start}，而两种办法都没能降低它的测试损失 ${short(free!.testLoss)}：在这组设置下，限制得不偿失。`
      : `${start}，在没见过的数字上损失却有 ${short(free!.testLoss)}。` +
          `其余三个网络里最好的把它降到 ${short(held.testLoss)}，精度从 ${percent(free!.testAcc)} 变为 ${percent(held.testAcc)}。`;
  },
};

export const texts: { readonly en: Texts; readonly zh: Texts } = { en, zh };
