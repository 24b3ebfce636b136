// A producer's expression in the place of what it would have stored. Floor L4 (compile).

import { numel } from "../../base/shape.ts";
import type { StepAccess } from "../../ir/accesses.ts";
import type { LoopOperand, LoopStep } from "../../ir/program.ts";
import type { Expr } from "../../ir/scalar.ts";
import { inputsOf } from "./algebra.ts";
import type { BodyStep, NewDim } from "./body.ts";
import { Body, finished, isAccess, reshaped, sizesOf, squeezed, valuesOf } from "./body.ts";
import type { Composition, Part } from "./geometry.ts";
import { carry, compose, mayMeet } from "./geometry.ts";
import type { Graph } from "./graph.ts";
import { joinNames } from "./names.ts";

/** A loop whose dimensions are split as the parts say. */
export function splitAs(step: LoopStep, parts: readonly (readonly Part[])[]): LoopStep {
  const dims = parts.map((list, of): NewDim[] => {
    const made: NewDim[] = [];
    let times = 1;
    for (const { size } of [...list].reverse()) {
      made.unshift({ size, of, times });
      times *= size;
    }
    return made;
  });
  const outer = step.outer.length;
  return reshaped(step, dims.slice(0, outer).flat(), dims.slice(outer).flat());
}

const operandPath = /^operands\[(\d+)\]$/;

/** The reads of a step that are operands of its expressions, by number. */
export function operandReads(graph: Graph, step: BodyStep): { read: StepAccess; index: number }[] {
  const found: { read: StepAccess; index: number }[] = [];
  for (const read of graph.effects(step).reads) {
    const match = operandPath.exec(read.path);
    if (match) found.push({ read, index: Number(match[1]) });
  }
  return found;
}

/**
 * `reader` with the expression of the map `producer` wherever it looks at that one's results; null where it sees other places as well, or
 * where the producer's operands are no longer what they were.
 */
export function inlined(graph: Graph, producer: LoopStep, reader: BodyStep): BodyStep | null {
  const { reads, writes } = graph.effects(producer);
  if (graph.writtenBetween(reads, producer, reader, true)) return null;
  let target = reader;
  const found = new Map<LoopOperand, { composition: Composition; map: number }>();
  const look = (): boolean => {
    found.clear();
    for (const { read, index } of operandReads(graph, target)) {
      const map = writes.findIndex((w) => mayMeet(w, read));
      if (map < 0) continue;
      const composition = compose(read, writes[map]!);
      if (!composition || graph.writtenBetween([read], producer, reader, false)) return false;
      if (composition.parts.some((list) => list.length > 1)) {
        if (target.kind !== "loop") return false;
        target = splitAs(target, composition.parts);
        return look();
      }
      found.set(target.operands[index]!, { composition, map });
    }
    return found.size > 0;
  };
  // A product's factors are no expressions.
  const factors = graph.effects(reader).reads.filter(({ path }) => path === "a" || path === "b");
  if (factors.some((f) => writes.some((w) => mayMeet(w, f)))) return null;
  if (!look()) return null;
  const body = new Body();
  const place = (operand: LoopOperand): Expr => {
    const hit = found.get(operand);
    if (!hit) return body.operand(operand);
    const translate = body.import(producer, (own) => {
      const { source } = own;
      if (!isAccess(source)) return body.operand(own);
      return body.operand({
        ...own,
        source: { buffer: source.buffer, ...carry(source.strides, source.offset, hit.composition) },
      });
    });
    return translate(producer.maps[hit.map]!.body);
  };
  const translate = body.import(target, place);
  for (const r of target.maps) body.map({ to: r.to, body: translate(r.body) });
  for (const r of valuesOf(target)) body.value({ to: r.to, body: translate(r.body) });
  const made = finished({ ...target, name: joinNames(producer.name, reader.name) }, body);
  return made.kind === "loop" ? squeezed(made) : made;
}

/** How often a reader computes what it reads from a producer, when that is inlined: what does not change along the inner dimensions counts once. */
export function evaluations(graph: Graph, producer: LoopStep, reader: BodyStep): number {
  const { writes } = graph.effects(producer);
  const sizes = sizesOf(reader);
  const first = reader.kind === "loop" ? 0 : 1;
  const groups: Expr[][] = [
    ...(reader.kind === "loop" ? reader.stages.map(({ body }) => [body]) : []),
    [...reader.maps, ...valuesOf(reader)].map(({ body }) => body),
  ];
  let count = 0;
  for (const { read, index } of operandReads(graph, reader)) {
    if (!writes.some((w) => mayMeet(w, read))) continue;
    let depth = sizes.length;
    while (depth > 0 && (read.strides[depth - 1] === 0 || sizes[depth - 1] === 1)) depth--;
    count +=
      numel(sizes.slice(0, depth)) * groups.filter((exprs) => inputsOf(exprs).has(first + index)).length;
  }
  return count;
}
