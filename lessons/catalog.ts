// The lessons, in the order of the course. A lesson's folder has the name given here.

/** A lesson's name and its title in each language. */
export interface Entry {
  readonly name: string;
  readonly title: { readonly en: string; readonly zh: string };
}

export const catalog: readonly Entry[] = [
  { name: "norms-and-capacity", title: { en: "Norms and capacity", zh: "范数与模型能力" } },
  { name: "weight-decay", title: { en: "Weight decay", zh: "权重衰减" } },
  { name: "real-data", title: { en: "Ridge and lasso on real data", zh: "真实数据上的岭回归与套索" } },
  { name: "batch-normalisation", title: { en: "Batch normalisation", zh: "批量规范化" } },
  { name: "multilayer-perceptron", title: { en: "The multilayer perceptron", zh: "多层感知机" } },
  { name: "attention", title: { en: "Attention", zh: "注意力机制" } },
];
