// Functions over ops that look at elements, in captured programs: called in every run, and once more for their gradient.
// Floor L4 (ops).

import { defaultGenerator } from "../base/generator.ts";
import type { Recorder } from "../tensor/capturing.ts";
import { grad } from "../tensor/engine.ts";
import { enableGrad, mode, noGrad } from "../tensor/grad-mode.ts";
import type { Grad, Saved } from "../tensor/node.ts";
import { OpNode } from "../tensor/record.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";

// biome-ignore lint/suspicious/noExplicitAny: ops take whatever they take.
type Fn = (...args: any[]) => any;

/**
 * f(...args) as one op, whose gradient is that of another call of `f`. `tensors` are those among the arguments, depth first: arguments or
 * elements of lists.
 */
export function recomputed(
  to: Recorder,
  name: string,
  f: Fn,
  args: readonly unknown[],
  tensors: readonly AnyTensor[],
): unknown {
  // Both calls draw the same random numbers.
  let state = defaultGenerator.getState();
  const forward: Fn = (...given) => {
    state = defaultGenerator.getState();
    return f(...given);
  };
  const again: typeof gradients = (...given) => {
    const now = defaultGenerator.getState();
    defaultGenerator.setState(state);
    try {
      return gradients(...given);
    } finally {
      defaultGenerator.setState(now);
    }
  };
  const out = noGrad(() => to.call(name, forward, args)) as AnyTensor | AnyTensor[];
  if (!mode.grad) return out;
  const wanted = tensors.map((t) => t.requiresGrad);
  const backward = (gs: readonly Grad[], s: Saved): Grad[] => {
    // Arguments that were changed since are refused, as ever.
    for (let i = 0; i < args.length; i++) s.at(i);
    return noGrad(() => to.call(`${name} backward`, again, [gs, wanted, f, args])) as Grad[];
  };
  if (isTensor(out)) {
    if (!tensors.includes(out))
      out.setHistory(
        new OpNode(name, (g: AnyTensor, s: Saved) => backward([g], s), "inputs", args, tensors, out),
        0,
      );
    return out;
  }
  const node = new OpNode(
    name,
    (gs: readonly Grad[], s: Saved) => backward(gs, s),
    "inputs",
    args,
    tensors,
    out,
  );
  out.forEach((y, i) => {
    if (isTensor(y) && y.dtype.startsWith("float")) y.setHistory(node, i);
  });
  return out;
}

function gradients(gs: readonly Grad[], wanted: readonly boolean[], f: Fn, args: readonly unknown[]): Grad[] {
  return enableGrad(() => {
    const leaves: AnyTensor[] = [];
    const fresh = (x: unknown): unknown => {
      if (Array.isArray(x)) return x.map(fresh);
      if (!isTensor(x)) return x;
      const leaf = x.detach();
      if (wanted[leaves.push(leaf) - 1]) leaf.requiresGrad = true;
      return leaf;
    };
    const result: unknown = f(...args.map(fresh));
    const outputs = (isTensor(result) ? [result] : (result as unknown[])).map((y, i) => ({ y, g: gs[i] }));
    const roots = outputs.filter(({ y, g }) => isTensor(y) && y.requiresGrad && g) as {
      y: AnyTensor;
      g: AnyTensor;
    }[];
    const inputs = leaves.filter((_, i) => wanted[i]);
    const found = grad(
      roots.map((r) => r.y),
      inputs,
      { gradOutputs: roots.map((r) => r.g), allowUnused: true },
    );
    let next = 0;
    return leaves.map((_, i) => (wanted[i] ? found[next++]! : null));
  });
}
