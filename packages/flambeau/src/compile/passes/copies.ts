// Copies that only change the layout: readers look at what was copied instead. Floor L4 (compile).

import { numel, sameShape } from "../../base/shape.ts";
import type { StepAccess } from "../../ir/accesses.ts";
import type { Access, LoopStep, Program, Step } from "../../ir/program.ts";
import { isAccess, isEmpty, isMap } from "./body.ts";
import type { Strided } from "./geometry.ts";
import { carry, compose, mayMeet } from "./geometry.ts";
import { Graph } from "./graph.ts";
import type { Log } from "./log.ts";
import { withAccesses } from "./rename.ts";

const isCopy = (step: Step): step is LoopStep =>
  step.kind === "loop" &&
  isMap(step) &&
  step.maps.length === 1 &&
  step.maps[0]!.body.op === "input" &&
  step.operands.length === 1 &&
  isAccess(step.operands[0]!.source) &&
  !isEmpty(step);

/** The same access to the source of a copy; null where that has no such strides. */
function throughCopy(copy: LoopStep, write: StepAccess, read: Strided): Access | null {
  const source = copy.operands[0]!.source as Access;
  const composition = compose(read, write);
  if (!composition) return null;
  const { offset, strides } = carry(source.strides, source.offset, composition);
  // Parts of one dimension must lie behind each other at the source, too.
  const joined: number[] = [];
  let at = 0;
  for (const parts of composition.parts) {
    const own = strides.slice(at, at + parts.length);
    for (let i = 0; i + 1 < own.length; i++) if (own[i] !== own[i + 1]! * parts[i + 1]!.size) return null;
    joined.push(own[own.length - 1]!);
    at += parts.length;
  }
  return { buffer: source.buffer, offset, strides: joined };
}

/** Readers that can take any strides, or the very strides that the source has, no longer need the copy; it goes when no reader is left. */
export function foldCopies(program: Program, log: Log): Program {
  const graph = new Graph(program);
  let gone = 0;
  const steps = [...graph.steps];
  for (const copy of steps) {
    // One that has been replaced comes again as what it is now.
    if (!isCopy(copy) || !graph.has(copy)) continue;
    const [write] = graph.effects(copy).writes;
    const { reads } = graph.effects(copy);
    for (const reader of graph.readers(write!.buffer)) {
      const at = graph.position(copy);
      if (graph.position(reader) <= at || graph.writtenBetween(reads, copy, reader, true)) continue;
      const made = reading(graph, copy, write!, reader);
      if (!made) continue;
      graph.replace(reader, made);
      steps.push(made);
    }
    if (!graph.isSeen(write!.buffer) && graph.readers(write!.buffer).length === 0) {
      graph.remove(copy);
      gone++;
    }
  }
  if (gone > 0) log.add("copies", `${gone} copies folded into their readers`);
  return graph.program();
}

function reading(graph: Graph, copy: LoopStep, write: StepAccess, reader: Step): Step | null {
  if (reader.kind === "host") return null;
  const looks = graph.effects(reader).reads.filter((r) => r.write === "none");
  let changed = false;
  const made = withAccesses(reader, (access, use) => {
    if (use !== "read" || access.buffer !== write.buffer) return access;
    const found = looks.filter(
      (r) => r.buffer === access.buffer && r.offset === access.offset && endsWith(r, reader, access),
    );
    const [look] = found;
    // The operands of a product may have the same strides over different dimensions.
    if (!look || found.some((r) => !sameShape(r.sizes, look.sizes))) return access;
    if (!mayMeet(look, write) || graph.writtenBetween([look], copy, reader, false)) return access;
    const through = throughCopy(copy, write, look);
    const taken = through && accepted(reader, look, access, through);
    if (!taken) return access;
    changed = true;
    return taken;
  });
  if (!changed) return null;
  const { reads, writes } = graph.effects(made);
  // A copy may stand between what is read and what is written over it.
  return writes.some((w) => reads.some((r) => r.path !== w.path && mayMeet(r, w))) ? null : made;
}

/** Whether an access of a step is the one that a look was made of. */
const endsWith = (look: StepAccess, step: Step, access: Access): boolean => {
  if (step.kind === "loop" || step.kind === "matmul" || step.kind === "elements")
    return access.strides.every((s, d) => look.strides[d] === s);
  return true;
};

/** The access that the reader would have then; null if it cannot. */
function accepted(reader: Step, look: StepAccess, access: Access, found: Access): Access | null {
  const same = look.sizes.every((size, d) => size === 1 || look.strides[d] === found.strides[d]);
  switch (reader.kind) {
    case "loop":
    case "matmul":
      return found;
    case "conv":
      if (look.path.startsWith("operands")) return found;
      return same ? { ...access, buffer: found.buffer, offset: found.offset } : null;
    case "pool":
      return same ? { ...access, buffer: found.buffer, offset: found.offset } : null;
    case "rows":
      if (look.path === "index") return found;
      return numel(look.sizes) > 0 && (look.sizes[1] === 1 || found.strides[1] === 1)
        ? { ...found, strides: [found.strides[0]!] }
        : null;
    case "elements":
      // Of what is gathered from, the stride along the index is the step's own.
      if (look.sizes.length > access.strides.length) return null;
      return found;
    default:
      return null;
  }
}
