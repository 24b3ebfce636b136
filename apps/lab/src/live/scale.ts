// Where a slider's handle stands for a value, and back.

import type { Slider } from "../../../../lessons/live.ts";

/** Positions of a logarithmic or continuous slider. */
const positions = 200;

/** Attributes of the range input. A linear slider with a step counts in its own units, so that keys move by steps. */
export function rangeOf(slider: Slider): { min: number; max: number; step: number } {
  if (slider.scale === "log") return { min: 0, max: positions, step: 1 };
  return {
    min: slider.least,
    max: slider.most,
    step: slider.step ?? (slider.most - slider.least) / positions,
  };
}

/** The position of a value. */
export function positionOf(slider: Slider, value: number): number {
  if (slider.scale !== "log") return value;
  return (positions * Math.log(value / slider.least)) / Math.log(slider.most / slider.least);
}

/** The value at a position: on the slider's steps if it has some, else rounded to what two or three digits can say. */
export function valueAt(slider: Slider, position: number): number {
  const { least, most, step, scale } = slider;
  const value = scale === "log" ? least * (most / least) ** (position / positions) : position;
  const on = step ? least + Math.round((value - least) / step) * step : value;
  return Math.min(most, Math.max(least, Number(on.toPrecision(step ? 12 : scale === "log" ? 2 : 3))));
}

/** A number as people write it. */
export function written(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(6)));
}
