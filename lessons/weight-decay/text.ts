// What the lesson says, in English and Chinese.

import { short } from "../shared/output.ts";

/** One trained model, as the table shows it. */
export interface Line {
  readonly kind: "scratch" | "concise";
  readonly lambda: number;
  readonly norm: number;
  readonly trainLoss: number | undefined;
  readonly testLoss: number | undefined;
}

/** The texts of one language. */
export interface Texts {
  readonly epoch: string;
  readonly loss: string;
  readonly legend: readonly [string, string];
  title(kind: Line["kind"], lambda: number): string;
  readonly heading: readonly [model: string, norm: string, train: string, test: string];
  model(kind: Line["kind"], lambda: number): string;
  meaning(lines: readonly Line[]): string;
}

/** The runs of one kind with the smallest and the largest penalty, if they differ. */
function extremes(lines: readonly Line[]): { free: Line; held: Line } | null {
  const kind = lines.filter((line) => line.kind === "scratch").toSorted((p, q) => p.lambda - q.lambda);
  const free = kind[0];
  const held = kind.at(-1);
  return free && held && free.lambda < held.lambda ? { free, held } : null;
}

const en: Texts = {
  epoch: "epochs",
  loss: "loss",
  legend: ["train", "test"],
  title: (kind, lambda) => `${kind === "scratch" ? "from scratch" : "concise"}, λ = ${lambda}`,
  heading: ["model", "L2 norm of w", "train loss", "test loss"],
  model: (kind, lambda) => `${kind === "scratch" ? "from scratch" : "concise (nn, optim)"}, λ = ${lambda}`,
  meaning(lines) {
    const pair = extremes(lines);
    if (!pair)
      return "Give --lambda two values or more, such as 0,3, to see what the penalty does to the weights.";
    const { free, held } = pair;
    const shrunk = held.norm < free.norm;
    const better = (held.testLoss ?? 0) < (free.testLoss ?? 0);
    const norms = `With λ = ${held.lambda} the weights ${shrunk ? "shrink" : "do not shrink"} from a norm of ${short(free.norm)} to ${short(held.norm)}`;
    if (held.testLoss === undefined || free.testLoss === undefined) return `${norms}.`;
    const losses = `the loss on data never seen goes from ${short(free.testLoss)} to ${short(held.testLoss)}`;
    return better && shrunk
      ? `${norms}, and ${losses}: fitting the training data a little worse, the model generalises far better.`
      : `${norms}, and ${losses}.`;
  },
};

const zh: Texts = {
  epoch: "迭代周期",
  loss: "损失",
  legend: ["训练", "测试"],
  title: (kind, lambda) => `${kind === "scratch" ? "从零开始" : "简洁实现"}，λ = ${lambda}`,
  heading: ["模型", "w 的 L2 范数", "训练损失", "测试损失"],
  model: (kind, lambda) => `${kind === "scratch" ? "从零开始实现" : "简洁实现（nn、optim）"}，λ = ${lambda}`,
  meaning(lines) {
    const pair = extremes(lines);
    if (!pair) return "用 --lambda 给出至少两个值（例如 0,3），就能看到惩罚项对权重的影响。";
    const { free, held } = pair;
    const shrunk = held.norm < free.norm;
    const norms = `λ 从 ${free.lambda} 增大到 ${held.lambda}，权重的范数从 ${short(free.norm)} ${shrunk ? "缩小到" : "变为"} ${short(held.norm)}`;
    if (held.testLoss === undefined || free.testLoss === undefined) return `${norms}。`;
    const losses = `模型在没见过的数据上的损失从 ${short(free.testLoss)} 变为 ${short(held.testLoss)}`;
    return shrunk && held.testLoss < free.testLoss
      ? `${norms}，${losses}：训练数据拟合得略差一些，泛化能力却好得多。`
      : `${norms}，${losses}。`;
  },
};

export const texts: { readonly en: Texts; readonly zh: Texts } = { en, zh };
