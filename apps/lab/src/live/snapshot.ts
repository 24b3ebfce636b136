// Copies of pictures that can be handed to another thread without copying them again.

import type { Picture } from "../../../../lessons/live.ts";

/** A copy whose numbers are typed arrays; their buffers are added to `transfer`. */
export function snapshot(picture: Picture, transfer: ArrayBuffer[]): Picture {
  const numbers = (values: ArrayLike<number>): Float64Array | Float32Array => {
    const copy = values instanceof Float32Array ? new Float32Array(values) : Float64Array.from(values);
    transfer.push(copy.buffer as ArrayBuffer);
    return copy;
  };
  switch (picture.kind) {
    case "curves":
      return { ...picture, curves: picture.curves.map((c) => ({ ...c, x: numbers(c.x), y: numbers(c.y) })) };
    case "bars":
      return {
        ...picture,
        values: numbers(picture.values),
        reference: picture.reference && numbers(picture.reference),
      };
    case "histograms":
      return { ...picture, rows: picture.rows.map((row) => ({ ...row, counts: numbers(row.counts) })) };
    case "heatmap":
    case "images":
      return { ...picture, values: numbers(picture.values) };
    default:
      return picture;
  }
}

const finite = (values: ArrayLike<number>): boolean => {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
};

/** Whether a picture shows what is no finite number: the sign of a training that diverged. */
export function isDiverged(picture: Picture): boolean {
  switch (picture.kind) {
    case "curves":
      return picture.curves.some((curve) => !finite(curve.y));
    case "bars":
    case "heatmap":
    case "images":
      return !finite(picture.values);
    case "histograms":
      return picture.rows.some((row) => !finite(row.counts));
    case "numbers":
      return picture.rows.some((row) => typeof row.value === "number" && !Number.isFinite(row.value));
    default:
      return false;
  }
}
