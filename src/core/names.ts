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

function camelCase(type: string): string {
  return type.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** `circuit_breaker` becomes `CircuitBreakerPrimitive`. */
function className(type: string): string {
  const name = camelCase(type);
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Primitive`;
}
