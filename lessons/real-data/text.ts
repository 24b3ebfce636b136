// What the lesson says, in English and Chinese.

import type { Language } from "../shared/options.ts";
import { showLoss } from "../shared/output.ts";
import type { Judged, Study } from "./lesson.ts";
import type { Note } from "./prepare.ts";
import type { Result } from "./run.ts";

/** The texts of one language. */
export interface Texts {
  readonly kind: Readonly<Record<Judged["kind"], string>>;
  readonly heading: readonly string[];
  readonly feature: string;
  readonly weight: string;
  readonly rmse: string;
  readonly predicted: string;
  readonly perfect: string;
  readonly validationTitle: string;
  readonly heldOutTitle: string;
  path(model: string): string;
  about(result: Result): string;
  note(note: Note): string;
  meaning(found: Study, result: Result): string;
}

const zeros = ({ weights }: Judged): number => weights.filter((w) => w === 0).length;
const of = (found: Study, kind: Judged["kind"]): Judged => found.models.find((model) => model.kind === kind)!;

const en: Texts = {
  kind: {
    mean: "mean of the training rows",
    leastSquares: "least squares, no penalty",
    ridge: "ridge (L2)",
    closedForm: "ridge, closed form",
    lasso: "lasso (L1)",
  },
  heading: ["model", "λ", "validation", "held out", "R²", "not zero"],
  feature: "feature",
  weight: "weight",
  rmse: "root mean squared error",
  predicted: "predicted",
  perfect: "perfect",
  validationTitle: "cross-validation",
  heldOutTitle: "rows held out",
  path: (model) => `weights against λ, ${model}`,
  about: ({ data, target, trainRows, testRows, features }) =>
    `${data}: ${trainRows} rows to train on and ${testRows} held out; ${features.length} features to predict ${target} from. Errors are roots of mean squares, in units of ${target}.`,
  note(note) {
    switch (note.kind) {
      case "noTarget":
        return `- ${note.rows} rows without a target were left out.`;
      case "filled":
        return `- '${note.column}' has no value in ${note.rows} rows: they get the mean.`;
      case "constant":
        return `- '${note.column}' has the same value everywhere and was left out.`;
      case "levels":
        return `- '${note.column}' has ${note.levels} different words and was left out.`;
      case "date":
        return `- '${note.column}' holds dates: they count as years.`;
    }
  },
  meaning(found, { target, closedFormDifference }) {
    const [mean, ridge, lasso] = [of(found, "mean"), of(found, "ridge"), of(found, "lasso")];
    const better = ridge.heldOut < lasso.heldOut ? "Ridge" : "The lasso";
    return (
      `Guessing the mean is wrong by ${showLoss(mean.heldOut)}, ridge by ${showLoss(ridge.heldOut)}, the lasso by ${showLoss(lasso.heldOut)} on rows that nobody has seen. ` +
      `${better} predicts ${target} better here; the lasso has set ${zeros(lasso)} of ${lasso.weights.length} weights to exactly zero. ` +
      `Gradient descent and the closed form give the same ridge: their weights differ by ${closedFormDifference.toExponential(1)} at most.`
    );
  },
};

const zh: Texts = {
  kind: {
    mean: "训练行的平均值",
    leastSquares: "最小二乘，无惩罚",
    ridge: "岭回归（L2）",
    closedForm: "岭回归，闭式解",
    lasso: "套索（L1）",
  },
  heading: ["模型", "λ", "验证误差", "留出误差", "R²", "非零权重"],
  feature: "特征",
  weight: "权重",
  rmse: "均方根误差",
  predicted: "预测值",
  perfect: "完全准确",
  validationTitle: "交叉验证",
  heldOutTitle: "留出的行",
  path: (model) => `权重随 λ 的变化：${model}`,
  about: ({ data, target, trainRows, testRows, features }) =>
    `${data}：${trainRows} 行用于训练，留出 ${testRows} 行；用 ${features.length} 个特征预测 ${target}。误差都是均方根，单位与 ${target} 相同。`,
  note(note) {
    switch (note.kind) {
      case "noTarget":
        return `- 有 ${note.rows} 行没有目标值，已略去。`;
      case "filled":
        return `- “${note.column}”有 ${note.rows} 行缺值，用平均值补上。`;
      case "constant":
        return `- “${note.column}”处处相同，已略去。`;
      case "levels":
        return `- “${note.column}”有 ${note.levels} 种不同的文字，已略去。`;
      case "date":
        return `- “${note.column}”是日期，按年份计算。`;
    }
  },
  meaning(found, { target, closedFormDifference }) {
    const [mean, ridge, lasso] = [of(found, "mean"), of(found, "ridge"), of(found, "lasso")];
    const better = ridge.heldOut < lasso.heldOut ? "岭回归" : "套索";
    return (
      `在谁也没见过的行上，总猜平均值的误差是 ${showLoss(mean.heldOut)}，岭回归是 ${showLoss(ridge.heldOut)}，套索是 ${showLoss(lasso.heldOut)}。` +
      `这里${better}对 ${target} 预测得更准；套索的 ${lasso.weights.length} 个权重中有 ${zeros(lasso)} 个恰好为零。` +
      `梯度下降与闭式解得到同一个岭回归：权重至多相差 ${closedFormDifference.toExponential(1)}。`
    );
  },
};

export const texts: Readonly<Record<Language, Texts>> = { en, zh };
