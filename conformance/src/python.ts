// A parser of Python expressions, as far as recorded calls use them: names, attributes, calls, subscripts, slices,
// literals, arithmetic. What it does not know is an error, so that a call is never half understood.

/** A parsed expression. */
export type Expression =
  | { readonly kind: "constant"; readonly value: number | string | boolean | null }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "attribute"; readonly object: Expression; readonly name: string }
  | { readonly kind: "subscript"; readonly object: Expression; readonly index: Expression }
  | { readonly kind: "slice"; readonly start: Expression | null; readonly end: Expression | null }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Expression[] }
  | { readonly kind: "negative"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "call"; readonly callee: Expression; readonly args: readonly Argument[] };

/** One argument of a call; `*x` and `**x` are spread. */
export interface Argument {
  readonly spread: "" | "*" | "**";
  readonly keyword: string | null;
  readonly value: Expression;
}

type Token = { readonly type: "number" | "string" | "name" | "symbol" | "end"; readonly text: string };

const pattern =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_]\w*)|(\*\*|[()[\],.:=+\-*/@]))/y;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  let at = 0;
  while (text.slice(at).trim() !== "") {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match)
      throw new SyntaxError(`cannot read "${text.slice(at).trim()}" in the Python expression "${text}"`);
    at = pattern.lastIndex;
    const [, number, string, name, symbol] = match;
    if (number !== undefined) tokens.push({ type: "number", text: number });
    else if (string !== undefined)
      tokens.push({ type: "string", text: string.slice(1, -1).replace(/\\(.)/g, "$1") });
    else if (name !== undefined) tokens.push({ type: "name", text: name });
    else tokens.push({ type: "symbol", text: symbol! });
  }
  tokens.push({ type: "end", text: "" });
  return tokens;
}

const constants: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  whole(): Expression {
    const e = this.#sum();
    if (this.#peek().type !== "end") throw this.#unexpected();
    return e;
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }
  #unexpected(): SyntaxError {
    const { text } = this.#peek();
    return new SyntaxError(
      `unexpected ${text === "" ? "end" : `"${text}"`} in the Python expression "${this.#text}"`,
    );
  }
  #is(symbol: string): boolean {
    const t = this.#peek();
    return t.type === "symbol" && t.text === symbol;
  }
  #take(symbol: string): boolean {
    if (!this.#is(symbol)) return false;
    this.#at++;
    return true;
  }
  #expect(symbol: string): void {
    if (!this.#take(symbol)) throw this.#unexpected();
  }
  #name(): string {
    const t = this.#peek();
    if (t.type !== "name") throw this.#unexpected();
    this.#at++;
    return t.text;
  }

  #binary(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((o) => this.#is(o));
      if (operator === undefined) return left;
      this.#at++;
      left = { kind: "binary", operator, left, right: operand() };
    }
  }
  #sum(): Expression {
    return this.#binary(["+", "-"], () => this.#product());
  }
  #product(): Expression {
    return this.#binary(["*", "/", "@"], () => this.#signed());
  }
  #signed(): Expression {
    if (this.#take("-")) return { kind: "negative", operand: this.#signed() };
    const base = this.#postfix();
    // ** binds more tightly than a sign on its left, and groups to the right.
    return this.#take("**") ? { kind: "binary", operator: "**", left: base, right: this.#signed() } : base;
  }

  #postfix(): Expression {
    let e = this.#atom();
    for (;;) {
      if (this.#take(".")) e = { kind: "attribute", object: e, name: this.#name() };
      else if (this.#take("(")) e = { kind: "call", callee: e, args: this.#arguments() };
      else if (this.#take("[")) {
        const index = this.#subscript();
        this.#expect("]");
        e = { kind: "subscript", object: e, index };
      } else return e;
    }
  }

  #subscript(): Expression {
    const start = this.#is(":") ? null : this.#sum();
    if (!this.#take(":")) return start!;
    return { kind: "slice", start, end: this.#is("]") ? null : this.#sum() };
  }

  #arguments(): Argument[] {
    const args: Argument[] = [];
    while (!this.#take(")")) {
      const spread = this.#take("**") ? "**" : this.#take("*") ? "*" : "";
      const next = this.#tokens[this.#at + 1];
      const keyword = this.#peek().type === "name" && next?.type === "symbol" && next.text === "=";
      if (keyword) {
        const name = this.#name();
        this.#expect("=");
        args.push({ spread: "", keyword: name, value: this.#sum() });
      } else args.push({ spread, keyword: null, value: this.#sum() });
      if (!this.#is(")")) this.#expect(",");
    }
    return args;
  }

  #items(close: string): { items: Expression[]; comma: boolean } {
    const items: Expression[] = [];
    let comma = false;
    while (!this.#take(close)) {
      items.push(this.#sum());
      comma = this.#take(",");
      if (!comma && !this.#is(close)) throw this.#unexpected();
    }
    return { items, comma };
  }

  #atom(): Expression {
    const t = this.#peek();
    this.#at++;
    if (t.type === "number") return { kind: "constant", value: Number(t.text) };
    if (t.type === "string") return { kind: "constant", value: t.text };
    if (t.type === "name")
      return t.text in constants
        ? { kind: "constant", value: constants[t.text]! }
        : { kind: "name", name: t.text };
    if (t.text === "[") return { kind: "list", items: this.#items("]").items };
    if (t.text === "(") {
      const { items, comma } = this.#items(")");
      return items.length === 1 && !comma ? items[0]! : { kind: "tuple", items };
    }
    this.#at--;
    throw this.#unexpected();
  }
}

const parsed = new Map<string, Expression>();

/** The expression in `text`. @throws SyntaxError for anything outside of the subset above. */
export function parsePython(text: string): Expression {
  let e = parsed.get(text);
  if (!e) {
    e = new Parser(text).whole();
    parsed.set(text, e);
  }
  return e;
}
