/** The names of a primitive in telemetry and in error messages. */
export interface Names {
  /** The author's name, else the kind's class name such as `RetryPrimitive`: the `primitive_name` of the metrics. */
  readonly label: string;
  /** The author's name, else the factory and the wrapped primitive, such as `retry around ask`. */
  readonly messageName: string;
}

interface WithoutName {
  /** The function that makes this kind. @default the type in camel case */
  readonly factory?: string | undefined;
  /** The wrapped primitive, for a kind that wraps one. */
  readonly around?: Pick<Names, 'messageName'> | undefined;
}

/** @param name the author's name, if there is one */
export function namesOf(
  type: string,
  name: string | undefined,
  { factory = camelCase(type), around }: WithoutName = {},
): Names {
  const unnamed = around === undefined ? factory : `${factory} around ${around.messageName}`;
  return { label: name ?? className(type), messageName: name ?? unnamed };
}

/** A primitive as those that choose among several see it. */
export interface Answering {
  /** The author's names of what gives its output, the innermost first. */
  readonly authorNames: readonly string[];
  /** Other names for that, the best first, such as those of a model. Never empty. */
  readonly otherNames: readonly string[];
}

/**
 * A label for each of several primitives, which says who answered: the innermost author's name, or else the model. Where
 * another one has that name too, the first of its names that no other has, and at last its place in the list.
 */
export function labelsOf(primitives: readonly Answering[]): readonly string[] {
  const labels: string[] = [];
  const all = primitives.map(({ authorNames, otherNames }) => [...authorNames, ...otherNames]);
  for (const [i, names] of all.entries()) {
    const isOthers = (name: string) => all.some((others, k) => k !== i && others.includes(name));
    const label = names.find((name) => !isOthers(name)) ?? (names[0] as string);
    labels.push(labels.includes(label) ? `${label} (${i + 1})` : label);
  }
  return labels;
}

function camelCase(type: string): string {
  return type.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** `circuit_breaker` becomes `CircuitBreakerPrimitive`. */
function className(type: string): string {
  const name = camelCase(type);
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Primitive`;
}
