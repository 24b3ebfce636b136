// What TensorBoard shows, as messages: scalars, histograms, pictures, texts. Floor L5 (io).
// Source: torch/utils/tensorboard/summary.py

import { ValueError } from "../../base/errors.ts";
import { Message } from "./proto.ts";

export const scalar = (tag: string, value: number): Message => new Message().bytes(1, tag).float(2, value);

/** A text of Markdown; TensorBoard finds it by the name of its plugin. */
export function textSummary(tag: string, value: string): Message {
  const dtString = 7;
  const shape = new Message().bytes(2, new Message().int(1, 1));
  return new Message()
    .bytes(1, `${tag}/text_summary`)
    .bytes(8, new Message().int(1, dtString).bytes(2, shape).bytes(8, value))
    .bytes(9, new Message().bytes(1, new Message().bytes(1, "text")));
}

export const image = (
  tag: string,
  width: number,
  height: number,
  channels: number,
  png: Uint8Array,
): Message =>
  new Message()
    .bytes(1, tag)
    .bytes(4, new Message().int(1, height).int(2, width).int(3, channels).bytes(4, png));

let edges: Float64Array | null = null;

/** TensorBoard's limits of bins: from 1e-12 to 1e20, a tenth apart, on both sides of 0. */
function defaultEdges(): Float64Array {
  if (edges) return edges;
  const positive: number[] = [];
  for (let v = 1e-12; v < 1e20; v *= 1.1) positive.push(v);
  edges = Float64Array.from([...positive.map((v) => -v).reverse(), 0, ...positive]);
  return edges;
}

/** Limits of `n` bins of one width over the values. */
function evenEdges(values: Float64Array, n: number): Float64Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  return Float64Array.from({ length: n + 1 }, (_, i) => (i === n ? high : low + (i * (high - low)) / n));
}

/** How many values lie between each two limits; those outside count nowhere. */
function countsOf(values: Float64Array, limits: Float64Array): Float64Array {
  const counts = new Float64Array(limits.length - 1);
  const last = limits.length - 1;
  for (const v of values) {
    // The last limit belongs to the last bin, every other one to the bin that it begins.
    if (!(v >= limits[0]! && v <= limits[last]!)) continue;
    let [low, high] = [0, last];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (v >= limits[middle]!) low = middle;
      else high = middle;
    }
    counts[low]!++;
  }
  return counts;
}

/**
 * A histogram of values.
 *
 * @param bins "tensorflow": TensorBoard's own limits; or the number of bins of one width
 * @throws ValueError for no values, and where no value lies in a bin
 */
export function histogram(tag: string, values: Float64Array, bins: "tensorflow" | number): Message {
  if (values.length === 0) throw new ValueError("The input has no element.");
  const limits = bins === "tensorflow" ? defaultEdges() : evenEdges(values, bins);
  const counts = countsOf(values, limits);
  const start = counts.findIndex((c) => c > 0);
  if (start < 0)
    throw new ValueError("The histogram is empty: no value is finite and between -1e20 and 1e20");
  const end = counts.findLastIndex((c) => c > 0) + 1;
  // TensorBoard has the right limits alone: an empty bin at the left brings the leftmost one in.
  const shown = start > 0 ? counts.subarray(start - 1, end) : Float64Array.of(0, ...counts.subarray(0, end));
  let [min, max, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const v of values) {
    min = Math.min(min, v);
    max = Math.max(max, v);
    sum += v;
    squares += v * v;
  }
  const proto = new Message()
    .double(1, min)
    .double(2, max)
    .double(3, values.length)
    .double(4, sum)
    .double(5, squares)
    .doubles(6, limits.subarray(start, end + 1))
    .doubles(7, shown);
  return new Message().bytes(1, tag).bytes(5, proto);
}
