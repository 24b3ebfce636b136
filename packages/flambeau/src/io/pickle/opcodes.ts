// What each instruction of a pickle does. Nothing is executed: names mean what the rules say, and calls reach only what they
// allow. Floor L5 (io). Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py

import type { Machine } from "./machine.ts";
import { cost } from "./machine.ts";
import { parseFloatLine, parseIntLine, parseLong, unescapeRaw, unquote } from "./numbers.ts";
import { modernName } from "./python.ts";
import { PyDict, PyGlobal, Stateful } from "./values.ts";

/** Runs one instruction. */
export type Instruction = (m: Machine) => void;

function pushGlobal(m: Machine, module: string, name: string): void {
  const full = modernName(module, name);
  const value = m.rules.global(full);
  if (value === undefined) throw m.rules.bad(refusal(full));
  m.push(value);
}

/** What a file is told that names what it may not. */
function refusal(name: string): string {
  const shown = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  return (
    `its pickle asks for ${JSON.stringify(shown)}, which is refused: tensors, state dicts and plain values are read, and no code is ` +
    "ever run. If this is a whole module or another Python object, save what it holds instead, in Python: torch.save(model.state_dict(), ...)"
  );
}

/** Calls what the pickle names with a tuple. */
function call(m: Machine, f: unknown, args: unknown): void {
  if (!(f instanceof PyGlobal)) throw m.bad("what is called is no function");
  if (f.call === null) throw m.bad(`${f.name} is called, which only stands for itself`);
  if (!m.isTuple(args)) throw m.bad(`${f.name} is called with what is no tuple`);
  m.spend(cost.container);
  m.push(f.call(args, m));
}

function build(m: Machine): void {
  const state = m.pop();
  const to = m.top();
  if (to instanceof Stateful) to.setState(state, m);
  // The attributes of an OrderedDict: state dicts have the versions of their modules there.
  else if (!(to instanceof PyDict)) throw m.bad("a state is set on what has none");
}

function bytesAsText(m: Machine, n: number): void {
  const bytes = m.take(n);
  // Texts of Python 2, which may be bytes as well.
  m.push(m.decoded(bytes) ?? bytes);
}

/** Pops a mark and calls the first thing above it with the others. */
function callMarked(m: Machine): void {
  const [f, ...args] = m.popMark();
  call(m, f, m.tuple(args));
}

const table: Readonly<Record<string, Instruction>> = {
  // The frame.
  "\x80": (m) => {
    const protocol = m.byte();
    if (protocol > 5) throw m.bad(`protocol ${protocol} is unknown; 0 to 5 are read`);
  },
  "\x95": (m) => {
    m.uint64();
  },
  // The stack and the memo.
  "(": (m) => m.mark(),
  "0": (m) => {
    // Takes a mark away where there is one on top.
    if (m.marks.at(-1) === m.stack.length) m.marks.pop();
    else m.pop();
  },
  "1": (m) => {
    m.popMark();
  },
  "2": (m) => m.push(m.top()),
  p: (m) => m.put(parseIntLine(m)),
  q: (m) => m.put(m.byte()),
  r: (m) => m.put(m.uint32()),
  "\x94": (m) => m.put(m.remembered),
  g: (m) => m.get(parseIntLine(m)),
  h: (m) => m.get(m.byte()),
  j: (m) => m.get(m.uint32()),
  // Plain values.
  N: (m) => m.push(null),
  "\x88": (m) => m.push(true),
  "\x89": (m) => m.push(false),
  I: (m) => m.push(parseIntLine(m)),
  J: (m) => m.push(m.int32()),
  K: (m) => m.push(m.byte()),
  M: (m) => m.push(m.uint16()),
  L: (m) => m.push(parseIntLine(m)),
  "\x8a": (m) => m.push(parseLong(m, m.byte())),
  "\x8b": (m) => m.push(parseLong(m, m.uint32())),
  F: (m) => m.push(parseFloatLine(m)),
  G: (m) => m.push(m.float64()),
  S: (m) => {
    const bytes = unquote(m);
    m.push(m.decoded(bytes) ?? bytes);
  },
  T: (m) => bytesAsText(m, m.uint32()),
  U: (m) => bytesAsText(m, m.byte()),
  V: (m) => m.push(unescapeRaw(m.line("latin1"))),
  X: (m) => m.push(m.text(m.uint32())),
  "\x8c": (m) => m.push(m.text(m.byte())),
  "\x8d": (m) => m.push(m.text(m.uint64())),
  B: (m) => m.push(m.take(m.uint32())),
  C: (m) => m.push(m.take(m.byte())),
  "\x8e": (m) => m.push(m.take(m.uint64())),
  "\x96": (m) => m.push(m.take(m.uint64())),
  // Containers.
  "]": (m) => m.push(m.list([])),
  l: (m) => m.push(m.list(m.popMark())),
  a: (m) => {
    const item = m.pop();
    m.appendAll(m.top(), [item]);
  },
  e: (m) => {
    const items = m.popMark();
    m.appendAll(m.top(), items);
  },
  ")": (m) => m.push(m.tuple([])),
  t: (m) => m.push(m.tuple(m.popMark())),
  "\x85": (m) => m.push(m.tuple([m.pop()])),
  "\x86": (m) => {
    const b = m.pop();
    m.push(m.tuple([m.pop(), b]));
  },
  "\x87": (m) => {
    const c = m.pop();
    const b = m.pop();
    m.push(m.tuple([m.pop(), b, c]));
  },
  "}": (m) => m.push(m.dict()),
  d: (m) => {
    const items = m.popMark();
    const dict = m.dict();
    m.setAll(dict, items);
    m.push(dict);
  },
  s: (m) => {
    const value = m.pop();
    const key = m.pop();
    m.setAll(m.top(), [key, value]);
  },
  u: (m) => {
    const items = m.popMark();
    m.setAll(m.top(), items);
  },
  "\x8f": (m) => m.push(m.set([], false)),
  "\x90": (m) => {
    const items = m.popMark();
    m.addAll(m.top(), items);
  },
  "\x91": (m) => m.push(m.set(m.popMark(), true)),
  // Names, and what is made by calling them.
  c: (m) => pushGlobal(m, m.line(), m.line()),
  "\x93": (m) => {
    const name = m.pop();
    const module = m.pop();
    if (typeof module !== "string" || typeof name !== "string") throw m.bad("a name is no text");
    pushGlobal(m, module, name);
  },
  i: (m) => {
    const [module, name] = [m.line(), m.line()];
    const args = m.tuple(m.popMark());
    pushGlobal(m, module, name);
    call(m, m.pop(), args);
  },
  o: callMarked,
  R: (m) => {
    const args = m.pop();
    call(m, m.pop(), args);
  },
  "\x81": (m) => {
    const args = m.pop();
    call(m, m.pop(), args);
  },
  "\x92": (m) => {
    const named = m.pop();
    if (!(named instanceof PyDict) || named.entries.size > 0)
      throw m.bad("a call with named arguments is refused");
    const args = m.pop();
    call(m, m.pop(), args);
  },
  b: build,
  Q: (m) => m.push(m.rules.persistent(m.pop(), m)),
};

/** Instructions by their byte; undefined for what is none, or refused. */
export const instructions: readonly (Instruction | undefined)[] = Array.from(
  { length: 256 },
  (_, byte) => table[String.fromCharCode(byte)],
);

/** Instructions that are known and refused, and what they would do. */
export const refused: Readonly<Record<string, string>> = {
  P: "names something outside of it by a line of text",
  "\x82": "uses a name of a registry (EXT1)",
  "\x83": "uses a name of a registry (EXT2)",
  "\x84": "uses a name of a registry (EXT4)",
  "\x97": "keeps data outside of it (NEXT_BUFFER)",
  "\x98": "keeps data outside of it (READONLY_BUFFER)",
};
