// What the lesson says, in English and Chinese.

/** What came out, as the sentences need it. */
export interface Outcome {
  readonly average: number;
  readonly nonparametric: number;
  readonly parametric: number;
  readonly w: number;
  readonly exact: number;
  readonly held: number;
  readonly seconds: number;
}

/** The texts of one language. */
export interface Texts {
  readonly kernelTitle: string;
  readonly truth: string;
  readonly examples: string;
  readonly average: string;
  readonly nonparametric: string;
  readonly parametric: string;
  readonly kernelHeading: readonly [string, string];
  weightsTitle(w: string): string;
  readonly queries: string;
  readonly keys: string;
  readonly trainTitle: string;
  readonly step: string;
  readonly loss: string;
  readonly wrong: string;
  readonly dateHeading: readonly [string, string, string];
  readonly right: string;
  mapTitle(source: string): string;
  readonly source: string;
  readonly answer: string;
  kernelMeaning(outcome: Outcome): string;
  dateMeaning(outcome: Outcome): string;
}

const fixed = (x: number, digits = 2): string => x.toFixed(digits);
const percent = ({ exact, held }: Outcome): string => `${((100 * exact) / held).toFixed(1)} %`;

const en: Texts = {
  kernelTitle: "kernel regression",
  truth: "truth",
  examples: "examples",
  average: "average pooling",
  nonparametric: "fixed kernel (w = 1)",
  parametric: "learned kernel",
  kernelHeading: ["pooling", "mean squared error"],
  weightsTitle: (w) => `attention weights, w = ${w}`,
  queries: "test inputs",
  keys: "training inputs",
  trainTitle: "Transformer on dates",
  step: "step",
  loss: "loss",
  wrong: "share of wrong dates",
  dateHeading: ["date", "written by the Transformer", "right"],
  right: "yes",
  mapTitle: (source) => `"${source}"`,
  source: "characters of the date",
  answer: "characters written",
  kernelMeaning: ({ average, nonparametric, parametric, w }) =>
    `Averaging all outputs misses the function by ${fixed(average)} in the mean square; letting near examples count more, by ${fixed(nonparametric)}. ` +
    `With w learned, ${fixed(w)}, ${
      w > 1
        ? `the kernel is narrower and looks at fewer examples: ${fixed(parametric)}.`
        : `the kernel is wider: ${fixed(parametric)}.`
    }`,
  dateMeaning: (outcome) =>
    `On ${outcome.held} days that were in no training example, ${outcome.exact} dates (${percent(outcome)}) are right to the last ` +
    `character, after ${fixed(outcome.seconds, 0)} s of training. Dark squares show where the network looked while it wrote each character.`,
};

const zh: Texts = {
  kernelTitle: "核回归",
  truth: "真实函数",
  examples: "样本",
  average: "平均汇聚",
  nonparametric: "固定的核（w = 1）",
  parametric: "学到的核",
  kernelHeading: ["汇聚方式", "均方误差"],
  weightsTitle: (w) => `注意力权重，w = ${w}`,
  queries: "测试输入",
  keys: "训练输入",
  trainTitle: "Transformer 学写日期",
  step: "步",
  loss: "损失",
  wrong: "写错的比例",
  dateHeading: ["日期", "Transformer 的答案", "正确"],
  right: "是",
  mapTitle: (source) => `“${source}”`,
  source: "原文的字符",
  answer: "写出的字符",
  kernelMeaning: ({ average, nonparametric, parametric, w }) =>
    `把所有输出取平均，均方误差是 ${fixed(average)}；让近处的样本权重更大，误差降到 ${fixed(nonparametric)}。` +
    `学到的 w 是 ${fixed(w)}，${w > 1 ? "核更窄，只看附近的几个样本" : "核更宽"}，误差为 ${fixed(parametric)}。`,
  dateMeaning: (outcome) =>
    `测试用的 ${outcome.held} 天从未在训练中出现过，训练 ${fixed(outcome.seconds, 0)} 秒后，其中 ${outcome.exact} 个日期（${percent(outcome)}）写得一字不差。` +
    "颜色越深的格子，表示写这个字符时看得越多的位置。",
};

export const texts: { readonly en: Texts; readonly zh: Texts } = { en, zh };
