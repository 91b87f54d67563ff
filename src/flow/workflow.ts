import { noMore, requireName } from '../core/check.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { workflowTelemetry } from '../telemetry/record/execution.ts';

/**
 * Names a composition and counts it as a workflow. A `sequential` or a `parallel` without a name gets this name, and has
 * one span and one count. Any other primitive keeps its own name and runs inside the workflow.
 *
 * @example
 * const digest = workflow('digest', sequential(read, summarise));
 * await digest.execute('./docs'); // workflow_name="digest"
 * @throws TypeError when the name is empty or `primitive` is not a primitive
 */
export function workflow<In, Out>(name: string, primitive: Primitive<In, Out>): Primitive<In, Out>;
export function workflow<In, Out>(
  name: string,
  primitive: Primitive<In, Out>,
  ...more: readonly unknown[]
): Primitive<In, Out> {
  requireName('workflow', name);
  noMore('workflow', more, "a workflow has one primitive and no options: workflow('name', sequential(a, b))");
  const inner = requirePrimitive('workflow', 'primitive', primitive);
  const telemetry = workflowTelemetry(name);
  const { definition } = inner;
  // `sequential` and `parallel` count as workflows themselves. Any other primitive keeps its own name in the metrics.
  if (definition.workflow === true && definition.name === undefined)
    return createPrimitive({ ...definition, name, telemetry });
  return createPrimitive({
    type: 'workflow',
    name,
    workflow: true,
    telemetry,
    around: inner,
    run: (input: In, context) => inner.invoke(input, context),
  });
}
