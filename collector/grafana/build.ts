/** `npm run dashboards`: writes what is generated. */
import { writeFileSync } from 'node:fs';
import { generated } from './generated.ts';

// Compiled, this stands in dist/: the files belong beside the sources, where npm runs its scripts from.
for (const [path, content] of generated()) writeFileSync(`collector/grafana/${path}`, content);
