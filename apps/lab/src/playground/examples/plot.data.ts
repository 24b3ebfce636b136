// en: Parameters of well-known language models, in millions.
// zh: 几个著名语言模型的参数量，单位为百万。
export const parameters: Readonly<Record<number, number>> = { 2017: 65, 2018: 340, 2019: 1500, 2020: 175000 };
