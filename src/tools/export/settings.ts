/** The settings of an installation. Each has one entry here, with every form in which the files have it. */

export interface Settings {
  /** The scrape job of the applications, and the name of their service. @default 'tta-primitives' */
  readonly job?: string | undefined;
  /** Host and port of each application. @default '127.0.0.1:9464' */
  readonly targets?: readonly string[] | undefined;
  /** The label that tells clusters apart. @default 'cluster' */
  readonly clusterLabel?: string | undefined;
  /** The label that tells namespaces apart. @default 'namespace' */
  readonly namespaceLabel?: string | undefined;
  /** The address that alerts link to, before `#` and the name of the alert. @default RUNBOOK.md on GitHub */
  readonly runbookUrl?: string | undefined;
}

/** What a file has as shipped, as the source of a regular expression without groups, and what it has in its place. */
type Place = readonly [shipped: string, own: string];

function placesOfJob(job: string): readonly Place[] {
  // YAML reads these words as values of other types.
  const yaml = /^(?:true|false|yes|no|on|off|y|n|null)$/i.test(job) ? `'${job}'` : job;
  return [
    ['(?<=- job_name: |targetLabel: job, replacement: |OTEL_SERVICE_NAME(?:, value)?: )tta-primitives\\b', yaml],
    ['(?<=OTEL_SERVICE_NAME="?)tta-primitives\\b', job],
    // In PromQL, the backslash of a regular expression is written twice; in PromQL within JSON, four times.
    ['(?<=\\bjob[=!]~")tta-\\.\\*', job.replaceAll('.', '\\\\.')],
    ['(?<=\\bjob[=!]~\\\\")tta-\\.\\*', job.replaceAll('.', '\\\\\\\\.')],
    ['(?<=\\bjob!?=\\\\?")tta-primitives(?=\\\\?")', job],
    // In a text. The name of the file targets/tta-primitives.yml stays: it has targets that users have entered.
    ['begins\\s+with\\s+`tta-`', `is \`${job}\``],
    ['(?<=`)(?:tta-primitives|tta-\\.\\*)(?=`)', job],
    ['one whose name starts with tta-', job],
    ['whose job starts with tta-', `of the job ${job}`],
    ['(?<=for the job )tta-primitives\\b', job],
  ];
}

function placesOfTargets(targets: readonly string[]): readonly Place[] {
  return [
    ["(?<=targets: )\\['127\\.0\\.0\\.1:9464'\\]", `[${targets.map((target) => `'${target}'`).join(', ')}]`],
    ['(?<=TTA_COLLECTOR_SCRAPE:-)\\["127\\.0\\.0\\.1:9464"\\]', JSON.stringify(targets)],
  ];
}

function placesOfLabel(shipped: string, own: string): readonly Place[] {
  return [
    // In a list: by (cluster, job), equal: [cluster, job], label_values(metric, cluster).
    `(?<=[([,] ?)${shipped}(?= ?[,)\\]])`,
    // In a matcher.
    `\\b${shipped}(?=[=!]~?\\\\?")`,
    // A column of a table.
    `(?<=")${shipped}(?=":)`,
    // In a template of an alert or a legend.
    `(?<=\\$labels\\.|\\{\\{ ?)${shipped}\\b`,
    // In a scrape configuration.
    `(?<=target_?[Ll]abel: |external_labels::)${shipped}\\b`,
    `(?<=labels: \\{[^}\\n]*)\\b${shipped}(?=: )`,
    // In a text.
    `(?<=\`)${shipped}(?=\`)`,
  ].map((form) => [form, own]);
}

function placesOfRunbook(url: string): readonly Place[] {
  return [['https://github\\.com/tta-primitives/tta-primitives/blob/main/collector/RUNBOOK\\.md', url]];
}

const JOB = /^[A-Za-z_][\w.-]*$/;
const TARGET = /^(?:[\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5})$/;
const LABEL = /^(?!__)[A-Za-z_]\w*$/;
/** Without what ends a string or begins a template in YAML, JSON and the texts of alerts. */
const RUNBOOK = /^https?:\/\/[^\s'"`\\{}<>$#]+$/;

/**
 * @param shipped the texts of the files that have other jobs, and labels with another meaning
 * @throws RangeError for a value that would break the syntax or the meaning of the files
 */
export function checkSettings(settings: Settings, shipped: readonly string[]): void {
  const { job, targets = [], clusterLabel = 'cluster', namespaceLabel = 'namespace', runbookUrl } = settings;
  if (job !== undefined && !JOB.test(job)) {
    throw new RangeError(
      `a job is letters, digits, '.', '_' and '-', and begins with a letter; got ${JSON.stringify(job)}`,
    );
  }
  if (job !== 'tta-primitives' && shipped.some((text) => text.includes(`- job_name: ${job}\n`)))
    throw new RangeError(`the job ${job} is that of another program in prometheus.yml`);
  for (const target of targets) {
    const port = Number(TARGET.exec(target)?.[1]);
    if (!(port > 0 && port < 65_536))
      throw new RangeError(`a target is HOST:PORT, such as app-1:9464; got ${JSON.stringify(target)}`);
  }
  for (const label of [clusterLabel, namespaceLabel]) {
    if (!LABEL.test(label)) {
      throw new RangeError(
        `a label is letters, digits and '_', and begins with a letter; got ${JSON.stringify(label)}`,
      );
    }
    // In a list, in a matcher, or set by an alert.
    const inUse = new RegExp(`[(,] ?${label} ?[,)]|\\b${label}[=!]~?\\\\?"|^ {10}${label}: `, 'm');
    if (label !== 'cluster' && label !== 'namespace' && shipped.some((text) => inUse.test(text)))
      throw new RangeError(`the label ${label} means something else in the rules or the dashboards`);
  }
  if (clusterLabel === namespaceLabel)
    throw new RangeError(`clusters and namespaces need two labels; got ${JSON.stringify(clusterLabel)} for both`);
  if (runbookUrl !== undefined && !RUNBOOK.test(runbookUrl)) {
    throw new RangeError(
      `the address of the runbook begins with http:// or https:// and has no #, $, quotes or braces; got ${JSON.stringify(runbookUrl)}`,
    );
  }
}

/** Writes the settings into the text of a file, all at once: the value of one can be what another one is shipped with. */
export function applySettings(text: string, settings: Settings): string {
  const { job, targets, clusterLabel, namespaceLabel, runbookUrl } = settings;
  const places = [
    ...(job === undefined ? [] : placesOfJob(job)),
    ...(targets === undefined ? [] : placesOfTargets(targets)),
    ...(clusterLabel === undefined ? [] : placesOfLabel('cluster', clusterLabel)),
    ...(namespaceLabel === undefined ? [] : placesOfLabel('namespace', namespaceLabel)),
    ...(runbookUrl === undefined ? [] : placesOfRunbook(runbookUrl)),
  ];
  if (places.length === 0) return text;
  const anyPlace = new RegExp(places.map(([shipped]) => `(${shipped})`).join('|'), 'g');
  return text.replaceAll(anyPlace, (match, ...groups: (string | undefined)[]) => {
    return places[groups.indexOf(match)]?.[1] ?? match;
  });
}
