import { requireName } from '../core/options.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { workflowSpan } from '../telemetry/record/execution.ts';

/**
 * Names a composition and counts it as a workflow. An unnamed one takes the name as its own: one span, one count. One
 * that its author named already keeps its name and runs inside the workflow, as a call to a model does.
 *
 * @example
 * const digest = workflow('digest', sequential(read, summarise));
 * await digest.execute('./docs'); // workflow_name="digest"
 * @throws TypeError when the name is empty or `primitive` is not a primitive
 */
export function workflow<In, Out>(name: string, primitive: Primitive<In, Out>): Primitive<In, Out> {
  requireName('workflow', name);
  const inner = requirePrimitive('workflow', 'primitive', primitive);
  const span = workflowSpan(name);
  const { definition } = inner;
  // A span of its own kind, such as a model's, is not the workflow's.
  if (definition.name === undefined && definition.span === undefined) {
    return createPrimitive({ ...definition, name, workflow: true, span });
  }
  return createPrimitive({
    type: 'workflow',
    name,
    workflow: true,
    span,
    run: (input: In, context) => inner.invoke(input, context),
  });
}
