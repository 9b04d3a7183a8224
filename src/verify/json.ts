import { Wrong } from "./report.js";

type Test<T> = (value: unknown) => value is T;
type Shape = Record<string, Test<unknown>>;
type Shaped<S extends Shape> = {
  [K in keyof S]: S[K] extends Test<infer T> ? T : never;
};

export const isCount: Test<number> = (value): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
export const isText: Test<string> = (value): value is string =>
  typeof value === "string";
export const isFlag: Test<boolean> = (value): value is boolean =>
  typeof value === "boolean";
export const isHash: Test<string> = (value): value is string =>
  isText(value) && /^[0-9a-f]{64}$/.test(value);
export const isHex: Test<string> = (value): value is string =>
  isText(value) && /^([0-9a-f]{2})+$/.test(value);

/** A field of its own: a prize may be called as something that every object has. */
export const own = <T>(
  record: Record<string, T>,
  name: string,
): T | undefined => (Object.hasOwn(record, name) ? record[name] : undefined);

export const orNull =
  <T>(test: Test<T>): Test<T | null> =>
  (value): value is T | null =>
    value === null || test(value);

export const listOf =
  <T>(test: Test<T>): Test<T[]> =>
  (value): value is T[] =>
    Array.isArray(value) && value.every(test);

export const recordOf =
  <T>(test: Test<T>): Test<Record<string, T>> =>
  (value): value is Record<string, T> =>
    isObject(value) && Object.values(value).every(test);

export const oneOf =
  <const T extends readonly unknown[]>(...values: T): Test<T[number]> =>
  (value): value is T[number] =>
    values.includes(value);

export const pairOf =
  <T>(test: Test<T>): Test<[T, T]> =>
  (value): value is [T, T] =>
    Array.isArray(value) && value.length === 2 && value.every(test);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object with these fields and no others: what this verifier does not know might change what it says. */
export function shaped<const S extends Shape>(shape: S): Test<Shaped<S>> {
  return (value): value is Shaped<S> => objectionTo(value, shape) === undefined;
}

function objectionTo(value: unknown, shape: Shape): string | undefined {
  if (!isObject(value)) return "it is not an object";
  for (const [name, test] of Object.entries(shape)) {
    if (!Object.hasOwn(value, name)) return `"${name}" is missing`;
    if (!test(value[name])) return `"${name}" is not what it must be`;
  }
  const strange = Object.keys(value).find(
    (name) => !Object.hasOwn(shape, name),
  );
  return strange && `"${strange}" is a field that this verifier does not know`;
}

/** Reads JSON of one shape. */
export function parseShaped<const S extends Shape>(
  text: string,
  shape: S,
): Shaped<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Wrong("this is not JSON");
  }
  const objection = objectionTo(value, shape);
  if (objection)
    throw new Wrong(`the JSON is not of this format: ${objection}`);
  return value as Shaped<S>;
}
