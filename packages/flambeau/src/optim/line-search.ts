// The line search of LBFGS: a step that satisfies the strong Wolfe conditions.
// Floor L5 (optim). Source: J. Nocedal, S. Wright, "Numerical Optimization" (2006), 3.5; as in torch/optim/lbfgs.py

import type { AnyTensor } from "../tensor/tensor.ts";

/** The loss and the gradient at a point of the line. */
export interface Evaluation {
  readonly loss: number;
  readonly gradient: AnyTensor;
}

/** Wolfe's constants, the smallest bracket that is searched, and the most evaluations. */
const c1 = 1e-4;
const c2 = 0.9;
const toleranceChange = 1e-9;
const maxSteps = 25;

interface Point extends Evaluation {
  /** Where on the line. */
  readonly t: number;
  /** Slope of the loss along the line. */
  readonly slope: number;
}

/** Minimum of the cubic through two points with their slopes, inside of the bounds. */
function cubicMinimum(p: Point, q: Point, bounds?: readonly [number, number]): number {
  const [low, high] = bounds ?? (p.t <= q.t ? [p.t, q.t] : [q.t, p.t]);
  const d1 = p.slope + q.slope - (3 * (p.loss - q.loss)) / (p.t - q.t);
  const square = d1 * d1 - p.slope * q.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const minimum =
    p.t <= q.t
      ? q.t - (q.t - p.t) * ((q.slope + d2 - d1) / (q.slope - p.slope + 2 * d2))
      : p.t - (p.t - q.t) * ((p.slope + d2 - d1) / (p.slope - q.slope + 2 * d2));
  return Math.min(Math.max(minimum, low), high);
}

/**
 * Looks for t with f(t) <= f(0) + c1 t f'(0) and |f'(t)| <= c2 |f'(0)|: first a bracket around one, then smaller ones.
 *
 * @param evaluate loss and gradient at t
 * @param direction of the line
 * @param origin loss, gradient and slope at 0
 * @returns the point, and how often `evaluate` was called
 */
export function strongWolfe(
  evaluate: (t: number) => Evaluation,
  direction: AnyTensor,
  first: number,
  origin: Evaluation & { readonly slope: number },
): { point: Point; evaluations: number } {
  const norm = direction.abs().amax().item() as number;
  const at = (t: number): Point => {
    const e = evaluate(t);
    return { ...e, t, slope: e.gradient.dot(direction).item() as number };
  };
  const start: Point = { ...origin, t: 0 };
  const tooHigh = (p: Point): boolean => p.loss > origin.loss + c1 * p.t * origin.slope;
  const flat = (p: Point): boolean => Math.abs(p.slope) <= -c2 * origin.slope;

  let previous = start;
  let point = at(first);
  let steps = 0;
  let bracket: [Point, Point] = [start, point];
  for (; steps < maxSteps; steps++) {
    if (tooHigh(point) || (steps > 1 && point.loss >= previous.loss)) {
      bracket = [previous, point];
      break;
    }
    if (flat(point)) return { point, evaluations: steps + 1 };
    if (point.slope >= 0) {
      bracket = [previous, point];
      break;
    }
    const t = cubicMinimum(previous, point, [point.t + 0.01 * (point.t - previous.t), point.t * 10]);
    previous = point;
    point = at(t);
    bracket = [start, point];
  }

  let stuck = false;
  let [low, high] = bracket[0].loss <= bracket[1].loss ? bracket : [bracket[1], bracket[0]];
  while (steps < maxSteps && Math.abs(high.t - low.t) * norm >= toleranceChange) {
    // The bracket in the order in which its ends were found: the interpolation is not symmetric in rounding.
    const [from, to] = bracket;
    let t = cubicMinimum(from, to);
    const [least, most] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
    const margin = 0.1 * (most - least);
    if (Math.min(most - t, t - least) < margin) {
      // Too near to an end, twice or outside: a tenth of the bracket away from it.
      if (stuck || t >= most || t <= least) {
        t = Math.abs(t - most) < Math.abs(t - least) ? most - margin : least + margin;
        stuck = false;
      } else stuck = true;
    } else stuck = false;
    point = at(t);
    steps++;
    const replace = (old: Point, by: Point): void => {
      bracket = bracket[0] === old ? [by, bracket[1]] : [bracket[0], by];
    };
    if (tooHigh(point) || point.loss >= low.loss) {
      replace(high, point);
      [low, high] = bracket[0].loss <= bracket[1].loss ? bracket : [bracket[1], bracket[0]];
      continue;
    }
    const done = flat(point);
    if (!done && point.slope * (high.t - low.t) >= 0) {
      const oldLow = low;
      bracket = bracket[0] === high ? [oldLow, point] : [point, oldLow];
      high = oldLow;
    } else replace(low, point);
    low = point;
    if (done) break;
  }
  return { point: low, evaluations: steps + 1 };
}
