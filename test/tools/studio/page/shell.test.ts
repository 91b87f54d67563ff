import { describe, test } from 'vitest';
import { chromiumPath, useStudio } from '../../../support/browser.ts';
import { workflowSpan } from '../../../support/studio-spans.ts';

describe.skipIf(chromiumPath === undefined)('the page of Studio', () => {
  const studio = useStudio();

  test('shows a run that was sent', async () => {
    await studio.send(workflowSpan('digest'));
    const page = await studio.open('/');
    await page.getByText('digest').first().waitFor();
  });
});
