// Pickles: every instruction, what becomes of Python's values, and what hostile ones may not do.

import { describe, expect, test } from "vitest";
import { FileError } from "../../src/index.ts";
import { unpickle } from "../../src/io/pickle/unpickle.ts";
import { rulesOf } from "../../src/io/pt/rules.ts";
import { fuzz } from "./mutate.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const load = (pickle: Uint8Array | string): unknown =>
  unpickle(typeof pickle === "string" ? bytes(pickle) : pickle, rulesOf("x.pt", null)).value;
/** What is said of a pickle that is refused. */
function problem(pickle: Uint8Array | string): string {
  try {
    load(pickle);
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
    return (error as Error).message;
  }
  return expect.fail("it was read");
}

describe("values", () => {
  test.each<[string, unknown]>([
    // Protocol 0: lines of text.
    ["N.", null],
    ["I01\n.", true],
    ["I00\n.", false],
    ["I-5\n.", -5],
    ["L12345678901234567890L\n.", 12345678901234567890n],
    ["F1.5e3\n.", 1500],
    ["Finf\n.", Infinity],
    ["F-nan\n.", Number.NaN],
    ["S'a\\n\\x41\\\\'\n.", "a\nA\\"],
    ['S"it\'s"\n.', "it's"],
    ["S'\\xff'\n.", Uint8Array.of(255)],
    ["Vh\\u00e9 \\U0001f600 \xe9\n.", "hé 😀 é"],
    ["(I1\nI2\nl.", [1, 2]],
    ["(lp0\nI1\nag0\na.", "cyclic"],
    ["(S'a'\nI1\nd.", { a: 1 }],
    ["(I1\nI2\nt.", [1, 2]],
    ["(dp5\nS'k'\ng5\ns.", "cyclic dict"],
    // Protocol 1 and 2.
    ["\x80\x02K\x05.", 5],
    ["\x80\x02M\x01\x02.", 513],
    ["\x80\x02J\xfe\xff\xff\xff.", -2],
    ["\x80\x02\x88.", true],
    ["\x80\x02\x89.", false],
    ["\x80\x02G\x3f\xf8\x00\x00\x00\x00\x00\x00.", 1.5],
    ["\x80\x02\x8a\x00.", 0],
    ["\x80\x02\x8a\x01\xff.", -1],
    ["\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", 2n ** 64n],
    ["\x80\x02\x8b\x01\x00\x00\x00\x80.", -128],
    ["\x80\x02X\x03\x00\x00\x00h\xc3\xa9.", "hé"],
    ["\x80\x02U\x02ab.", "ab"],
    ["\x80\x02T\x02\x00\x00\x00\xff\xfe.", Uint8Array.of(255, 254)],
    ["\x80\x02](K\x01K\x02e.", [1, 2]],
    ["\x80\x02]K\x01a.", [1]],
    ["\x80\x02).", []],
    ["\x80\x02K\x01\x85.", [1]],
    ["\x80\x02K\x01K\x02\x86.", [1, 2]],
    ["\x80\x02K\x01K\x02K\x03\x87.", [1, 2, 3]],
    ["\x80\x02}(U\x01aK\x01U\x01bK\x02u.", { a: 1, b: 2 }],
    ["\x80\x02}U\x01aK\x01s.", { a: 1 }],
    ["\x80\x02K\x01q\x07K\x020h\x07\x86.", "stack"],
    ["\x80\x02K\x01r\x00\x01\x00\x000j\x00\x01\x00\x00.", 1],
    ["\x80\x02K\x012\x86.", [1, 1]],
    ["\x80\x02K\x01(K\x02K\x031.", 1],
    // Protocol 3 to 5.
    ["\x80\x03C\x02\x00\xff.", Uint8Array.of(0, 255)],
    ["\x80\x03B\x01\x00\x00\x00\x07.", Uint8Array.of(7)],
    ["\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94.", "a"],
    ["\x80\x04\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.", "a"],
    ["\x80\x04\x8e\x01\x00\x00\x00\x00\x00\x00\x00a.", Uint8Array.of(97)],
    ["\x80\x05\x96\x01\x00\x00\x00\x00\x00\x00\x00a.", Uint8Array.of(97)],
    ["\x80\x04\x8f(K\x01K\x02\x90.", new Set([1, 2])],
    ["\x80\x04(K\x01\x91.", new Set([1])],
    ["\x80\x04K\x01\x94K\x02h\x00\x86.", "memo"],
    // Names.
    ["\x80\x02ccollections\nOrderedDict\n)R.", {}],
    ["\x80\x02ccollections\nOrderedDict\n]]U\x01aaK\x01aa\x85R.", { a: 1 }],
    ["\x80\x04\x8c\x0bcollections\x8c\x07Counter\x93}K\x05K\x02s\x85R.", { 5: 2 }],
    ["\x80\x02ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R.", {}],
    ["\x80\x02c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xbfU\x06latin1\x86R.", Uint8Array.of(255)],
    ["\x80\x02c__builtin__\nset\n]K\x01a\x85R.", new Set([1])],
    ["\x80\x02c__builtin__\nfrozenset\n]K\x01a\x85R.", new Set([1])],
    ["\x80\x02c__builtin__\nbytearray\n)R.", new Uint8Array(0)],
    ["\x80\x02c__builtin__\nbytearray\nC\x01a\x85R.", Uint8Array.of(97)],
    ["(c__builtin__\nset\n(I1\nlo.", new Set([1])],
    ["((I1\nli__builtin__\nset\n.", new Set([1])],
    ["\x80\x02ctorch\nSize\nK\x02K\x03\x86\x85R.", [2, 3]],
    ["\x80\x02ctorch\nfloat16\n.", "float16"],
    ["\x80\x02ctorch\ndevice\nU\x04cudaK\x01\x86R.", "cuda:1"],
    ["\x80\x02ctorch.serialization\n_get_layout\nU\x0dtorch.strided\x85R.", "strided"],
  ])("%j", (pickle, expected) => {
    const value = load(pickle) as unknown[] & Record<string, unknown>;
    if (expected === "cyclic") expect(value[1]).toBe(value);
    else if (expected === "cyclic dict") expect(value["k"]).toBe(value);
    else if (expected === "stack") expect(value).toEqual([expect.anything(), 1]);
    else if (expected === "memo") expect(value).toEqual([2, 1]);
    else expect(value).toEqual(expected);
  });

  test("tuples and frozen sets are frozen, lists and sets are not", () => {
    const value = load("\x80\x04])a(K\x01\x91a\x8fa]a.") as unknown[];
    expect([value, ...value].map((x) => Object.isFrozen(x))).toEqual([false, true, true, false, false]);
  });

  test("dicts that an object would not give back become Maps", () => {
    expect(load("\x80\x02}K\x07K\x01s.")).toEqual({ 7: 1 });
    expect(load("\x80\x02}U\x017K\x01s.")).toEqual(new Map([["7", 1]]));
    expect(load("\x80\x02}(K\x07K\x01U\x01aK\x02u.")).toEqual(
      new Map<unknown, number>([
        [7, 1],
        ["a", 2],
      ]),
    );
    expect(load("\x80\x02}U\x09__proto__K\x01s.")).toEqual(new Map([["__proto__", 1]]));
    expect(load("\x80\x02}NK\x01s.")).toEqual(new Map([[null, 1]]));
    expect(load("\x80\x02}).")).toEqual([]);
  });

  test("what is shared in Python is shared here", () => {
    const [a, b, c] = load("\x80\x02}q\x00h\x00h\x00\x87.") as [unknown, unknown, unknown];
    expect(a === b && b === c).toBe(true);
  });
});

describe("hostile pickles", () => {
  const command = "X\x07\x00\x00\x00echo hi";
  test.each<[string, string]>([
    ["REDUCE", `\x80\x02cos\nsystem\n${command}\x85R.`],
    ["REDUCE of posix", `cposix\nsystem\n(S'echo hi'\ntR.`],
    ["STACK_GLOBAL", `\x80\x04\x8c\x02os\x8c\x06system\x93${command}\x85R.`],
    ["INST", "(S'echo hi'\nios\nsystem\n."],
    ["OBJ", "(cos\nsystem\nS'echo hi'\no."],
    ["NEWOBJ", `\x80\x02cos\nsystem\n${command}\x85\x81.`],
    ["NEWOBJ_EX", `\x80\x04cos\nsystem\n${command}\x85}\x92.`],
    ["BUILD", "\x80\x02c__main__\nNet\n)\x81}b."],
    ["GLOBAL alone", "\x80\x02cos\nsystem\n."],
    ["eval", "\x80\x02c__builtin__\neval\nU\x011\x85R."],
    ["getattr", "\x80\x02cbuiltins\ngetattr\n."],
    ["a nested name", "\x80\x04\x8c\x05torch\x8c\x09os.system\x93."],
    ["a name of prototypes", "\x80\x02c__proto__\nconstructor\n."],
    ["a name of objects", "\x80\x02cconstructor\nprototype\n."],
    ["a whole module", "\x80\x02ctorch.nn.modules.linear\nLinear\n."],
    ["a namespace of arguments", "\x80\x02cargparse\nNamespace\n."],
  ])("asks for a name that is refused: %s", (_, pickle) => {
    expect(problem(pickle)).toMatch(
      /^x\.pt: its pickle asks for ".*", which is refused: .* no code is ever run/,
    );
  });

  test.each<[string, RegExp]>([
    ["\x80\x02\x82\x01.", /registry \(EXT1\), which is refused/],
    ["\x80\x02\x83\x01\x00.", /registry \(EXT2\), which is refused/],
    ["\x80\x02\x84\x01\x00\x00\x00.", /registry \(EXT4\), which is refused/],
    ["Pabc\n.", /line of text, which is refused/],
    ["\x80\x05\x97.", /NEXT_BUFFER/],
    ["\x80\x02\xff.", /no instruction 0xff/],
    ["\x80\x06N.", /protocol 6 is unknown/],
    ["\x80\x02K\x01Q.", /names something outside/],
    ["\x80\x02cbuiltins\ncomplex\n.", /a complex number/],
    ["\x80\x02ctorch._utils\n_rebuild_qtensor\n.", /a quantized tensor/],
    ["\x80\x02ctorch._utils\n_rebuild_sparse_tensor\n.", /a sparse tensor/],
    ["\x80\x02ctorch\nComplexFloatStorage\n.", /a complex tensor/],
    ["\x80\x02ctorch\nFloatStorage\n.", /holds torch\.FloatStorage itself/],
    ["\x80\x02](ccollections\nOrderedDict\ne.", /holds collections\.OrderedDict itself/],
    ["\x80\x02ctorch\nFloatStorage\n)R.", /torch\.FloatStorage is called/],
    ["\x80\x02K\x01)R.", /no function/],
    ["\x80\x02ccollections\nOrderedDict\nK\x01R.", /no tuple/],
    ["\x80\x02ccollections\nOrderedDict\nK\x01\x85R.", /arguments that it does not take/],
    ["\x80\x02c_codecs\nencode\nU\x01aU\x05rot13\x86R.", /arguments that it does not take/],
    ["\x80\x02c_codecs\nencode\nX\x03\x00\x00\x00\xe2\x82\xacU\x06latin1\x86R.", /arguments/],
    ["\x80\x02K\x01}b.", /state is set on what has none/],
    ["\x80\x02K\x01K\x02a.", /appended to what is no list/],
    ["\x80\x02)K\x02a.", /appended to what is no list/],
    ["\x80\x02K\x01K\x02K\x03s.", /what is no dict/],
    ["\x80\x02}(K\x01u.", /key comes without a value/],
    ["\x80\x02}]K\x01s.", /none that Python allows/],
    ["\x80\x04\x8f(}\x90.", /none that Python allows/],
    ["\x80\x04(\x91(K\x01\x90.", /what is no set/],
    ["\x80\x02.", /stack is empty/],
    ["\x80\x02(.", /stack is empty/],
    ["\x80\x02K\x01(a.", /stack is empty/],
    ["\x80\x02t.", /no mark/],
    ["\x80\x02h\x05.", /nothing was remembered under 5/],
    ["\x80\x02X\xff\xff\xff\xffa.", /ends too early: 4294967295 bytes are missing/],
    ["\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffa.", /ends too early/],
    ["\x80\x02X\x01\x00\x00\x00\xff.", /not UTF-8/],
    ["Ix\n.", /no whole number/],
    [`I${"9".repeat(5000)}\n.`, /no whole number/],
    ["Fx\n.", /no number/],
    ["Sx\n.", /no quotes/],
    ["", /ends too early/],
    ["\x80\x02N", /ends too early/],
  ])("%j", (pickle, message) => {
    expect(problem(pickle)).toMatch(message);
  });

  test("a billion laughs are ten lists", () => {
    // Each list holds the one before ten times: what they would print has 10^10 lines, what they are is small.
    let pickle = "\x80\x02](U\x02haU\x02haeq\x00";
    for (let i = 1; i <= 10; i++)
      pickle += `](${`h${String.fromCharCode(i - 1)}`.repeat(10)}eq${String.fromCharCode(i)}`;
    const value = load(`${pickle}.`) as unknown[][];
    expect(value[0]).toBe(value[9]);
  });

  test("copies of something large, over and over, meet the limit of memory", () => {
    const list = `](${"K\x01".repeat(20_000)}eq\x00`;
    const copies = `c__builtin__\nset\nq\x01${"h\x01h\x00\x85R".repeat(5000)}`;
    const start = performance.now();
    expect(problem(`\x80\x02${list}(${copies}t.`)).toMatch(/more than 1 GiB/);
    expect(performance.now() - start).toBeLessThan(30_000);
  });

  test("many small things from few bytes meet it too", () => {
    expect(problem(new Uint8Array(6_000_000).fill("}".charCodeAt(0)))).toMatch(/more than 1 GiB/);
  });

  test.each([
    ["lists", "]".repeat(100_000) + "a".repeat(99_999)],
    ["tuples", `)${"\x85".repeat(100_000)}`],
    ["marks", `${"(".repeat(100_000)}${"t".repeat(100_000)}`],
    ["dicts", "}N".repeat(50_000).slice(0, -1) + "s".repeat(49_999)],
    ["shared lists", `]q\x00${"]q\x01h\x00ah\x01q\x00".repeat(2000)}`],
  ])("deep nesting of %s is refused, without overflowing the stack", (_, pickle) => {
    expect(problem(`\x80\x02${pickle}.`)).toMatch(/nested more than 1000 levels deep/);
  });

  test("nesting that Python can write is read", () => {
    let depth = 0;
    for (let x = load(`\x80\x02${"]".repeat(900)}${"a".repeat(899)}.`) as unknown[]; x; x = x[0] as unknown[])
      depth++;
    expect(depth).toBe(900);
  });

  test("100,000 damaged pickles", async () => {
    const seeds = [
      "\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01](K\x01G\x3f\xf8\x00\x00\x00\x00\x00\x00\x88NeX\x01\x00\x00\x00bq\x02ccollections\nOrderedDict\nq\x03)Rq\x04U\x01cK\x05K\x06\x86q\x05u.",
      "\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x0bcollections\x94\x8c\x07Counter\x94\x93}(K\x05K\x02u\x85R\x94\x8f(K\x01\x90\x86.",
      "(dp0\nS'abc'\np1\n(lp2\nI1\naL5L\naF1.5\nasVx\\u1234\n(I1\ntp3\ns(c__builtin__\nset\n(I1\nlo.",
      "\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85c_codecs\nencode\nX\x01\x00\x00\x00bU\x06latin1\x86R\x87R(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4\x89\x88\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89c_codecs\nencode\nX\x08\x00\x00\x00abcdefghU\x06latin1\x86Rtb.",
      "\x80\x02cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02i8\x89\x88\x87R(K\x03U\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbC\x08\x00\x00\x00\x00\x00\x00\x00\x07\x86R.",
    ].map(bytes);
    for (const seed of seeds) load(seed);
    const { accepted, problems } = await fuzz(seeds, 150_000, load);
    expect(accepted).toBeGreaterThan(2000);
    expect(problems.size).toBeGreaterThan(50);
  });
});
