/** `npm run dashboards`: writes the generated files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedFiles } from './generated.ts';

// The compiled program is in dist/. The paths are relative to the root of the package, where npm runs its scripts.
const alerts = readFileSync('collector/prometheus/rules/alerts.yml', 'utf8');
for (const [path, content] of generatedFiles(alerts)) writeFileSync(`collector/grafana/${path}`, content);
