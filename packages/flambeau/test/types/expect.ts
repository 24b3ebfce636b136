// Assertions about types; `tsc --noEmit` is what runs them.

/** Whether two types are the same, not only assignable. */
export type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** `check<Equal<A, B>>()` does not compile when the types differ. */
export declare function check<_ extends true>(): void;

/** `is<Expected>()(value)` does not compile when the value has another type; the message shows both. */
export declare function is<Expected>(): <A>(
  value: A,
  ...same: Equal<A, Expected> extends true ? [] : [A, "is not", Expected]
) => void;
