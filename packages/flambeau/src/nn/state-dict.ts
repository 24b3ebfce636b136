// State dicts: reading a module's parameters and buffers out by name, and loading them back.
// Floor L5 (nn). Source: torch/nn/modules/module.py

import { RuntimeError } from "../base/errors.ts";
import type { Shape } from "../base/shape.ts";
import { sameShape } from "../base/shape.ts";
import { noGrad } from "../tensor/grad-mode.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { isTensor } from "../tensor/tensor.ts";
import { bufferEntries, childEntries, joined, parameterEntries } from "./internals.ts";
import type { Module } from "./module.ts";

/** Tensors by PyTorch's names, in PyTorch's order: of each module the parameters, the buffers, then its children. */
export type StateDict = Record<string, AnyTensor>;

export interface LoadOptions {
  /** Whether missing and unexpected keys are errors. Default true. */
  readonly strict?: boolean;
}

/** Keys that the module has and the dict has not, and the other way round. */
export interface LoadReport {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

/** All entries of the state dict. A tensor that two names share is listed under both, as in PyTorch. */
export function* stateEntries(m: Module, prefix = ""): Generator<[string, AnyTensor]> {
  for (const [name, p] of parameterEntries(m)) yield [joined(prefix, m.stateKey(name)), p];
  for (const [name, b] of bufferEntries(m, true)) yield [joined(prefix, m.stateKey(name)), b];
  for (const [name, child] of childEntries(m)) yield* stateEntries(child, joined(prefix, m.stateKey(name)));
}

const quoted = (keys: readonly string[]): string => keys.map((k) => `"${k}"`).join(", ");
const sizeOf = (shape: Shape): string => `torch.Size([${shape.join(", ")}])`;

/** A tensor of one element, which old checkpoints hold where there is a 0-d tensor now. */
const fitted = (own: AnyTensor, given: AnyTensor): AnyTensor =>
  own.ndim === 0 && given.ndim === 1 && given.length === 1 ? given.reshape([]) : given;

/** Copies a state dict into a module's tensors: all of it, or nothing. */
export function loadState(
  m: Module,
  dict: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
  options: LoadOptions,
): LoadReport {
  const given = dict instanceof Map ? dict : new Map(Object.entries(dict));
  for (const [path, module] of m.namedModules())
    module["~state"].settle?.((property) => {
      const x: unknown = given.get(joined(path, module.stateKey(property)));
      return isTensor(x) ? x.shape : null;
    });
  const own = [...stateEntries(m)];
  const known = new Set(own.map(([key]) => key));
  const missingKeys: string[] = [];
  const unexpectedKeys = [...given.keys()].filter((key) => !known.has(key));
  const problems: string[] = [];
  const copies: [AnyTensor, AnyTensor][] = [];
  for (const [key, target] of own) {
    if (!given.has(key)) {
      missingKeys.push(key);
      continue;
    }
    const value: unknown = given.get(key);
    if (!isTensor(value)) {
      const kind = value === null ? "null" : typeof value;
      problems.push(
        `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received ${kind}`,
      );
      continue;
    }
    const source = fitted(target, value);
    if (sameShape(source.shape, target.shape)) copies.push([target, source]);
    else
      problems.push(
        `size mismatch for ${key}: copying a param with shape ${sizeOf(source.shape)} from checkpoint, the shape in current model is ${sizeOf(target.shape)}.`,
      );
  }
  if (options.strict ?? true) {
    if (unexpectedKeys.length > 0)
      problems.unshift(`Unexpected key(s) in state_dict: ${quoted(unexpectedKeys)}. `);
    if (missingKeys.length > 0) problems.unshift(`Missing key(s) in state_dict: ${quoted(missingKeys)}. `);
  }
  if (problems.length > 0)
    throw new RuntimeError(
      `Error(s) in loading state_dict for ${m.constructor.name}:\n\t${problems.join("\n\t")}`,
    );
  noGrad(() => {
    for (const [target, source] of copies) target.copy_(source);
  });
  return { missingKeys, unexpectedKeys };
}
