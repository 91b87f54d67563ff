/**
 * Loads packages that are optional peers. The error for a missing package has the line that installs it. Every other
 * error (a broken installation, a missing dependency of the package, a syntax error) is thrown unchanged.
 */
import { notInstalled, type Peer } from './peers.ts';
import { readProperty } from './read-property.ts';

const NOT_FOUND: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];
/**
 * The name in the message. Node.js: `import` says `package` and the name, `require` says `module` and the specifier. Plug'n'Play
 * of yarn: `Required package`, if no package of that name is installed, or if ours has no access to it.
 */
const NAMED = [/^Cannot find (?:package|module) '([^']+)'/, /^Required package: ([^\s"]+)/m];

/**
 * Whether the error of an import, a require or a resolution means that the package itself is not installed. Only the
 * message of the error names the module that was not found.
 */
export function isMissing(name: string, error: unknown): boolean {
  if (!NOT_FOUND.includes(readProperty(error, 'code'))) return false;
  const message = readProperty(error, 'message');
  if (typeof message !== 'string') return false;
  const named = NAMED.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined);
  return named === name || named?.startsWith(`${name}/`) === true;
}

/** The packages of `names` that are not installed. None is loaded. `resolve` must throw for a package that is missing. */
export function missingAmong<const Name extends string>(
  names: readonly Name[],
  resolve: (name: Name) => unknown,
): Name[] {
  return names.filter((name) => {
    try {
      resolve(name);
      return false;
    } catch (error) {
      if (isMissing(name, error)) return true;
      throw error;
    }
  });
}

/**
 * What to throw when the import of optional packages has failed: an error with the install line for the one that is
 * missing. The import stands in a `try` of the caller: only there do bundlers leave out a package that they do not find,
 * instead of ending.
 *
 * @param user the part of the program that needs the packages: the first words of the error message
 */
export function importError(user: string, names: readonly Peer[], error: unknown): unknown {
  const missing = names.filter((name) => isMissing(name, error));
  return missing.length === 0 ? error : new Error(notInstalled(user, missing), { cause: error });
}
