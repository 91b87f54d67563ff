export interface InstallationNames {
  /** The scrape job of the applications. @default 'tta-primitives' */
  readonly job?: string | undefined;
  /** Host and port of each application. @default '127.0.0.1:9464' */
  readonly targets?: readonly string[] | undefined;
}

const JOB = /^[A-Za-z_][\w.-]*$/;
const TARGET = /^[^\s'"\\/]+:\d+$/;

/**
 * Replaces the shipped names in the text of a file by those of an installation.
 *
 * @throws RangeError for a job or a target that would break the syntax of the files
 */
export function replaceNames(text: string, { job, targets }: InstallationNames): string {
  if (job !== undefined && !JOB.test(job)) {
    throw new RangeError(
      `a job is letters, digits, '.', '_' and '-', and begins with a letter; got ${JSON.stringify(job)}`,
    );
  }
  const wrong = targets?.find((target) => !TARGET.test(target));
  if (wrong !== undefined)
    throw new RangeError(`a target is HOST:PORT, such as app-1:9464; got ${JSON.stringify(wrong)}`);
  let named = text;
  if (job !== undefined) {
    // The rules match a job with a regular expression; in a PromQL string a backslash is written twice.
    const pattern = job.replaceAll('.', '\\\\.');
    named = named
      .replaceAll(/^(\s*- job_name: )tta-primitives$/gm, (_, start: string) => start + job)
      .replaceAll('one whose name starts with tta-', () => job)
      .replaceAll('whose job starts with tta-', () => `of the job ${job}`)
      .replaceAll('job=~"tta-.*"', () => `job=~"${pattern}"`)
      .replaceAll('job=~\\"tta-.*\\"', () => `job=~\\"${pattern.replaceAll('\\', '\\\\')}\\"`);
  }
  if (targets !== undefined) {
    const list = targets.map((target) => `'${target}'`).join(', ');
    named = named.replaceAll("targets: ['127.0.0.1:9464']", () => `targets: [${list}]`);
  }
  return named;
}
