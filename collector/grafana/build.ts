/** `npm run dashboards`: writes what is generated. */
import { readFileSync, writeFileSync } from 'node:fs';
import { generated } from './generated.ts';

// Compiled, this stands in dist/: the files belong beside the sources, where npm runs its scripts from.
const alerts = readFileSync('collector/prometheus/rules/alerts.yml', 'utf8');
for (const [path, content] of generated(alerts)) writeFileSync(`collector/grafana/${path}`, content);
