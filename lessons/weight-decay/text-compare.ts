// What the comparison of ridge and lasso says, in English and Chinese.

import type { Language } from "../shared/options.ts";
import { short } from "../shared/output.ts";
import type { Comparison } from "./compare.ts";

/** The texts of one language. */
export interface ComparisonTexts {
  readonly ridge: string;
  readonly lasso: string;
  readonly error: string;
  readonly input: string;
  readonly weight: string;
  readonly chosenWeights: string;
  readonly heading: readonly string[];
  validation(folds: number): string;
  path(penalty: string): string;
  about(examples: number, inputs: number, matter: number, noise: number): string;
  meaning(result: Comparison): string;
}

const en: ComparisonTexts = {
  ridge: "ridge (L2)",
  lasso: "lasso (L1)",
  error: "mean squared error",
  input: "input",
  weight: "weight",
  chosenWeights: "weights at the chosen λ",
  heading: ["penalty", "chosen λ", "validation", "test", "not zero", "found"],
  validation: (folds) => `${folds}-fold cross-validation`,
  path: (penalty) => `weights against λ, ${penalty}`,
  about: (examples, inputs, matter, noise) =>
    `Ridge and lasso on the same data: ${examples} examples of ${inputs} inputs, of which ${matter} matter; no model can have a smaller error than the noise, ${noise}. λ is chosen by cross-validation.`,
  meaning({ ridge, lasso, trueWeights, closedFormDifference }) {
    const zeros = lasso.weights.length - lasso.nonzero;
    const all = lasso.found === trueWeights.length ? "all" : `${lasso.found} of`;
    return (
      `Ridge spreads: ${ridge.nonzero === ridge.weights.length ? "every input keeps a weight" : `${ridge.nonzero} inputs keep a weight`}. ` +
      `Lasso sets ${zeros} weights to exactly zero and keeps ${all} the ${trueWeights.length} that matter: ` +
      `a test error of ${short(lasso.testError)} against ${short(ridge.testError)}. ` +
      `Gradient descent and the closed form of ridge differ by ${closedFormDifference.toExponential(1)} at most, over all λ.`
    );
  },
};

const zh: ComparisonTexts = {
  ridge: "岭回归（L2）",
  lasso: "套索（L1）",
  error: "均方误差",
  input: "输入",
  weight: "权重",
  chosenWeights: "选定 λ 时的权重",
  heading: ["惩罚", "选定的 λ", "验证误差", "测试误差", "非零权重", "找到的输入"],
  validation: (folds) => `${folds} 折交叉验证`,
  path: (penalty) => `权重随 λ 的变化：${penalty}`,
  about: (examples, inputs, matter, noise) =>
    `同一份数据上的岭回归与套索：${examples} 个样本，${inputs} 个输入，其中只有 ${matter} 个起作用；噪声的方差是 ${noise}，任何模型的误差都不会比它更小。λ 由交叉验证选定。`,
  meaning({ ridge, lasso, trueWeights, closedFormDifference }) {
    const zeros = lasso.weights.length - lasso.nonzero;
    const kept =
      lasso.found === trueWeights.length
        ? `起作用的 ${trueWeights.length} 个输入全部保留`
        : `起作用的 ${trueWeights.length} 个输入保留了 ${lasso.found} 个`;
    return (
      `岭回归把权重摊开：${ridge.weights.length} 个权重中有 ${ridge.nonzero} 个不为零。` +
      `套索把 ${zeros} 个权重压到恰好为零，${kept}：测试误差为 ${short(lasso.testError)}，岭回归为 ${short(ridge.testError)}。` +
      `岭回归的梯度下降解与闭式解在所有 λ 上至多相差 ${closedFormDifference.toExponential(1)}。`
    );
  },
};

export const comparisonTexts: Readonly<Record<Language, ComparisonTexts>> = { en, zh };
