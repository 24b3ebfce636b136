// Domains and ticks of linear and log axes, shared by the SVG (log axes only) and the terminal.
// Source: matplotlib's margins and locators, Heckbert's "nice numbers" (Graphics Gems, 1990).

/** How an axis maps values to places. */
export type ScaleType = "linear" | "log";

/** A tick; the label is empty for the small ticks between powers of ten. */
export interface Tick {
  value: number;
  label: string;
}

const MARGIN = 0.05;

/**
 * The domain of an axis: the limits where they are given and usable, otherwise the data with a 5 % margin.
 * A limit up to zero on a log axis is ignored, as in matplotlib.
 */
export function autoDomain(
  series: readonly (readonly number[])[],
  scale: ScaleType,
  limits: readonly [number, number] | null | undefined,
): [number, number] {
  const usable = (value: number): boolean => Number.isFinite(value) && (scale === "linear" || value > 0);
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const values of series) {
    for (const value of values) {
      if (!usable(value)) continue;
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
  }
  if (lo > hi) [lo, hi] = scale === "log" ? [0.1, 1] : [0, 1];
  else [lo, hi] = widen(lo, hi, scale);
  const from = limits && usable(limits[0]) ? limits[0] : lo;
  const to = limits && usable(limits[1]) ? limits[1] : hi;
  return from === to ? widen(from, to, scale) : [from, to];
}

function widen(lo: number, hi: number, scale: ScaleType): [number, number] {
  if (scale === "log") {
    const factor = lo === hi ? Math.sqrt(10) : (hi / lo) ** MARGIN;
    const [from, to] = [lo / factor, hi * factor];
    return from > 0 && to < Number.POSITIVE_INFINITY ? [from, to] : [lo, hi];
  }
  const margin = lo === hi ? Math.abs(lo) * MARGIN || 1 : hi * MARGIN - lo * MARGIN;
  const [from, to] = [lo - margin, hi + margin];
  return Number.isFinite(from) && Number.isFinite(to) ? [from, to] : [lo, hi];
}

/** About `count` round values in the domain, with labels of equal precision. */
export function linearTicks(a: number, b: number, count: number): Tick[] {
  const [lo, hi] = a < b ? [a, b] : [b, a];
  const rough = hi / Math.max(1, count) - lo / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((f) => f * power >= rough * 0.9999) ?? 10;
  const step = factor * power;
  if (!(step > 0 && Number.isFinite(step))) return [{ value: lo, label: shortNumber(lo) }];
  const first = Math.ceil(lo / step - 1e-9);
  const last = Math.floor(hi / step + 1e-9);
  const largest = Math.max(Math.abs(first), Math.abs(last)) * step;
  const exponential = largest >= 1e6 || largest < 1e-3;
  const ticks: Tick[] = [];
  for (let i = first; i <= last; i++) {
    const value = i * step;
    ticks.push({ value, label: exponential ? shortNumber(value, step) : value.toFixed(decimals(step)) });
  }
  return ticks;
}

/**
 * Powers of ten, thinned out to about `count` labels, with 2..9 as unlabelled small ticks between them. A
 * domain that holds fewer than two powers of ten is labelled at 1, 2 and 5, or, when narrower still, as a
 * linear one.
 */
export function logTicks(a: number, b: number, count: number): Tick[] {
  const [lo, hi] = a < b ? [a, b] : [b, a];
  const inside = (value: number): boolean => value >= lo * (1 - 1e-12) && value <= hi * (1 + 1e-12);
  const first = Math.floor(Math.log10(lo));
  const last = Math.ceil(Math.log10(hi));
  const powers: number[] = [];
  for (let k = first; k <= last; k++) if (inside(power10(k))) powers.push(k);
  const between = (multiples: readonly number[]): Tick[] => {
    const ticks: Tick[] = [];
    for (let k = first; k <= last; k++) {
      for (const m of multiples) {
        const value = Number(`${m}e${k}`);
        if (inside(value)) ticks.push({ value, label: "" });
      }
    }
    return ticks;
  };
  if (powers.length < 2) {
    const few = between([1, 2, 5]);
    if (few.length < 3) return linearTicks(lo, hi, Math.min(count, 4)).filter((tick) => tick.value > 0);
    return few.map(({ value }) => ({ value, label: shortNumber(value) }));
  }
  const stride = Math.ceil(powers.length / Math.max(1, count));
  const labelled = new Set(powers.filter((k) => k % stride === 0).map(power10));
  const all = powers.length <= 7 ? between([1, 2, 3, 4, 5, 6, 7, 8, 9]) : between([1]);
  return all.map(({ value }) => ({ value, label: labelled.has(value) ? powerLabel(Math.log10(value)) : "" }));
}

/** A number of at most `digits` significant digits, short: 0.00123, 12.5, 3.2e-7. */
export function compact(value: number, digits = 3): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e6)
    return String(Number(value.toPrecision(Math.max(digits, Math.ceil(Math.log10(size))))));
  return value.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
}

// 10 ** -5 is 0.000009999999999999999; parsing gives the number nearest to the power.
function power10(k: number): number {
  return Number(`1e${k}`);
}

function powerLabel(exponent: number): string {
  const superscript = [...String(Math.round(exponent))].map((c) =>
    c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(c)),
  );
  return `10${superscript.join("")}`;
}

function decimals(step: number): number {
  return Math.min(20, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

/** Digits enough to tell neighbours a `step` apart, and no more. */
function shortNumber(value: number, step = Math.abs(value)): string {
  if (value === 0 || Math.abs(value) < step / 2) return "0";
  const digits = Math.max(
    1,
    Math.floor(Math.log10(Math.abs(value)) + 1e-9) - Math.floor(Math.log10(step) + 1e-9) + 1,
  );
  return compact(value, Math.min(15, digits));
}
