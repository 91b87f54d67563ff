import { requireName } from '../core/check.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { workflowTelemetry } from '../telemetry/record/execution.ts';

/**
 * Names a composition and counts it as a workflow. A sequence or a parallel without a name takes it as its own: one
 * span, one count. AnyInput else, under a name of its own or its kind's, runs inside the workflow.
 *
 * @example
 * const digest = workflow('digest', sequential(read, summarise));
 * await digest.execute('./docs'); // workflow_name="digest"
 * @throws TypeError when the name is empty or `primitive` is not a primitive
 */
export function workflow<In, Out>(name: string, primitive: Primitive<In, Out>): Primitive<In, Out> {
  requireName('workflow', name);
  const inner = requirePrimitive('workflow', 'primitive', primitive);
  const telemetry = workflowTelemetry(name);
  const { definition } = inner;
  // These count as workflows as they are. The others have metrics under their own name, which must not be split in two.
  if (definition.workflow === true && definition.name === undefined)
    return createPrimitive({ ...definition, name, telemetry });
  return createPrimitive({
    type: 'workflow',
    name,
    workflow: true,
    telemetry,
    run: (input: In, context) => inner.invoke(input, context),
  });
}
