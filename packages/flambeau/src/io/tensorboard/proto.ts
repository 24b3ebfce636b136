// The messages of TensorBoard's event files, encoded: the few kinds of fields that they have. Floor L5 (io).
// Sources: https://protobuf.dev/programming-guides/encoding/; tensorboard/compat/proto/{event,summary,histogram,tensor}.proto

const text = new TextEncoder();

/** Gathers the fields of a message, in the order of their numbers. */
export class Message {
  #bytes = new Uint8Array(256);
  #size = 0;

  #room(n: number): void {
    if (this.#size + n <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#size + n, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }
  /** Seven bits a byte, the lowest first. */
  #varint(value: number): void {
    this.#room(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#size++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#size++] = Number(rest);
  }
  #key(field: number, kind: 0 | 1 | 2 | 5): void {
    this.#varint(8 * field + kind);
  }
  #view(n: number): DataView {
    this.#room(n);
    const view = new DataView(this.#bytes.buffer, this.#size, n);
    this.#size += n;
    return view;
  }

  /** A whole number; 0 is what a reader assumes. */
  int(field: number, value: number): this {
    if (value === 0) return this;
    this.#key(field, 0);
    this.#varint(value);
    return this;
  }
  /** A number of 8 bytes; 0 is what a reader assumes. */
  double(field: number, value: number): this {
    if (Object.is(value, 0)) return this;
    this.#key(field, 1);
    this.#view(8).setFloat64(0, value, true);
    return this;
  }
  /** A number of 4 bytes, also when it is 0. */
  float(field: number, value: number): this {
    this.#key(field, 5);
    this.#view(4).setFloat32(0, value, true);
    return this;
  }
  doubles(field: number, values: ArrayLike<number>): this {
    this.#key(field, 2);
    this.#varint(8 * values.length);
    const view = this.#view(8 * values.length);
    for (let i = 0; i < values.length; i++) view.setFloat64(8 * i, values[i]!, true);
    return this;
  }
  bytes(field: number, value: Uint8Array | string | Message): this {
    const bytes =
      value instanceof Message ? value.done() : typeof value === "string" ? text.encode(value) : value;
    this.#key(field, 2);
    this.#varint(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
    return this;
  }
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }
}
