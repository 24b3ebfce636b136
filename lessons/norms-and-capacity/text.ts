// What the lesson says, in English and Chinese.

import type { Language } from "../shared/options.ts";
import { showLoss } from "../shared/output.ts";
import type { Result, Run } from "./run.ts";

/** The texts of one language. */
export interface Texts {
  readonly epoch: string;
  readonly loss: string;
  readonly legend: readonly [string, string];
  readonly examples: string;
  readonly degreeAxis: string;
  readonly fits: string;
  readonly capacity: string;
  readonly balls: string;
  readonly normHeading: readonly string[];
  readonly norms: string;
  readonly monomials: string;
  readonly fitHeading: readonly string[];
  degree(degree: number): string;
  meaning(runs: readonly Run[], right: number): string;
  leastSquares(fits: Result["leastSquares"]): string;
}

type Losses = Pick<Run, "degree" | "trainLoss" | "testLoss">;
const best = <F extends Losses>(fits: readonly F[]): F | undefined =>
  fits.toSorted((p, q) => p.testLoss - q.testLoss)[0];

const en: Texts = {
  epoch: "epochs",
  loss: "loss",
  legend: ["train", "test"],
  examples: "training data",
  degreeAxis: "degree",
  fits: "fitted polynomials",
  capacity: "least squares",
  balls: "vectors of norm 1",
  normHeading: ["vector", "L1 norm", "L2 norm"],
  norms:
    "The L2 norm is the length. The L1 norm is the way along the axes, and it costs more the more elements share that length.",
  monomials:
    "Monomials of degree d in k variables: C(k - 1 + d, k - 1). The count grows so fast that a degree is a coarse way to say how much a model can do; the norm of its weights is a finer one.",
  fitHeading: ["polynomial", "weights", "L2 norm", "train loss", "test loss"],
  degree: (degree) => `degree ${degree}`,
  meaning(runs, right) {
    const low = runs.filter(({ degree }) => degree < right);
    const high = runs.filter(({ degree }) => degree > right);
    const fitting = runs.find(({ degree }) => degree === right);
    const parts: string[] = [];
    for (const { degree, trainLoss } of low)
      parts.push(`Degree ${degree} underfits: even the training loss stays at ${showLoss(trainLoss)}.`);
    if (fitting)
      parts.push(`Degree ${right} is that of the data: its test loss is ${showLoss(fitting.testLoss)}.`);
    for (const { degree, trainLoss, testLoss } of high)
      parts.push(
        `Degree ${degree} has a training loss of ${showLoss(trainLoss)} and a test loss of ${showLoss(testLoss)}${fitting && testLoss > fitting.testLoss ? ": it overfits" : ""}.`,
      );
    return parts.join(" ");
  },
  leastSquares(fits) {
    const [good, last] = [best(fits), fits.at(-1)];
    if (!good || !last) return "";
    return `With least squares, which goes all the way to the smallest training loss, degree ${good.degree} is best on test data (${showLoss(good.testLoss)}); degree ${last.degree} has a training loss of ${showLoss(last.trainLoss)} and a test loss of ${showLoss(last.testLoss)}.`;
  },
};

const zh: Texts = {
  epoch: "迭代周期",
  loss: "损失",
  legend: ["训练", "测试"],
  examples: "训练数据",
  degreeAxis: "阶数",
  fits: "拟合出的多项式",
  capacity: "最小二乘",
  balls: "范数为 1 的向量",
  normHeading: ["向量", "L1 范数", "L2 范数"],
  norms: "L2 范数就是长度。L1 范数是沿坐标轴走的路程：同样的长度由越多的元素分担，它就越大。",
  monomials:
    "k 个变量的 d 阶单项式有 C(k - 1 + d, k - 1) 个。个数涨得太快，所以用阶数衡量模型的能力过于粗略；权重的范数要精细得多。",
  fitHeading: ["多项式", "权重数", "L2 范数", "训练损失", "测试损失"],
  degree: (degree) => `${degree} 阶`,
  meaning(runs, right) {
    const fitting = runs.find(({ degree }) => degree === right);
    const parts: string[] = [];
    for (const { degree, trainLoss } of runs.filter((run) => run.degree < right))
      parts.push(`${degree} 阶欠拟合：连训练损失都停在 ${showLoss(trainLoss)}。`);
    if (fitting) parts.push(`${right} 阶与数据一致，测试损失为 ${showLoss(fitting.testLoss)}。`);
    for (const { degree, trainLoss, testLoss } of runs.filter((run) => run.degree > right))
      parts.push(
        `${degree} 阶的训练损失为 ${showLoss(trainLoss)}，测试损失为 ${showLoss(testLoss)}${fitting && testLoss > fitting.testLoss ? "：过拟合了" : ""}。`,
      );
    return parts.join("");
  },
  leastSquares(fits) {
    const [good, last] = [best(fits), fits.at(-1)];
    if (!good || !last) return "";
    return `最小二乘能把训练损失一直降到最小。此时测试数据上 ${good.degree} 阶最好（${showLoss(good.testLoss)}）；${last.degree} 阶的训练损失为 ${showLoss(last.trainLoss)}，测试损失为 ${showLoss(last.testLoss)}。`;
  },
};

export const texts: Readonly<Record<Language, Texts>> = { en, zh };
