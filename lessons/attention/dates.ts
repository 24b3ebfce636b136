// The task of the Transformer: dates as people write them, to be written as 2026-11-26. Every answer can be checked.

import * as torch from "flambeau";

type Tensor = torch.AnyTensor;

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** Ways to write a date. */
const formats: readonly ((year: string, month: number, day: number) => string)[] = [
  (y, m, d) => `${d} ${months[m - 1]} ${y}`,
  (y, m, d) => `${months[m - 1]} ${d}, ${y}`,
  (y, m, d) => `${months[m - 1]?.slice(0, 3)} ${d}, ${y}`,
  (y, m, d) => `${d}/${m}/${y}`,
  (y, m, d) => `${d}.${m}.${y}`,
  (y, m, d) => `${y}年${m}月${d}日`,
];

/** A date as it is written, and as it should be: "26 November 2026" and "2026-11-26". */
export interface Example {
  readonly source: string;
  readonly target: string;
}

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();
const twoDigits = (x: number): string => String(x).padStart(2, "0");

/** Every day of two hundred years: [year, month, day]. */
const days: readonly (readonly [number, number, number])[] = Array.from(
  { length: 200 },
  (_, i) => 1900 + i,
).flatMap((year) =>
  months.flatMap((_, m) =>
    Array.from({ length: daysInMonth(year, m + 1) }, (_, d) => [year, m + 1, d + 1] as const),
  ),
);

/**
 * Examples to learn from and examples to judge by: no day is in both, in whatever way it is written. Each day is written in one
 * way, drawn at random.
 */
export function dateExamples(held: number): { readonly train: Example[]; readonly test: Example[] } {
  const order = torch.randperm(days.length).tolist() as number[];
  const ways = torch.randint(0, formats.length, [days.length]).tolist() as number[];
  const examples = order.map((at, i): Example => {
    const [year, month, day] = days[at]!;
    return {
      source: formats[ways[i]!]!(String(year), month, day),
      target: `${year}-${twoDigits(month)}-${twoDigits(day)}`,
    };
  });
  return { train: examples.slice(held), test: examples.slice(0, held) };
}

/** Characters and their numbers; 0 fills what is left of a row, and begins a target. */
export class Alphabet {
  readonly #characters: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(text: string) {
    this.#characters = ["", ...[...new Set(text)].sort()];
    this.#numbers = new Map(this.#characters.map((c, i) => [c, i]));
  }

  get size(): number {
    return this.#characters.length;
  }

  has(character: string): boolean {
    return this.#numbers.has(character);
  }

  /** The numbers of a text, filled up with 0. */
  encode(text: string, length: number): number[] {
    const numbers = [...text].map((c) => {
      const number = this.#numbers.get(c);
      if (number === undefined)
        throw new RangeError(`"${text}": the character "${c}" does not occur in the dates learned from`);
      return number;
    });
    if (numbers.length > length) throw new RangeError(`"${text}" is longer than ${length} characters`);
    return [...numbers, ...new Array<number>(length - numbers.length).fill(0)];
  }

  decode(numbers: readonly number[]): string {
    return numbers.map((n) => this.#characters[n] ?? "").join("");
  }
}

export const sources: Alphabet = new Alphabet(`${months.join("")}0123456789 ,./年月日`);
export const targets: Alphabet = new Alphabet("0123456789-");
/** The longest: "September 26, 2026". */
export const sourceLength = 18;
export const targetLength = 10;

/** Examples as tensors: sources X [n, 18], their lengths [n], targets Y [n, 10]. */
export function encode(examples: readonly Example[]): { X: Tensor; validLens: Tensor; Y: Tensor } {
  return {
    X: torch.tensor(examples.map(({ source }) => sources.encode(source, sourceLength))),
    validLens: torch.tensor(examples.map(({ source }) => [...source].length)),
    Y: torch.tensor(examples.map(({ target }) => targets.encode(target, targetLength))),
  };
}
