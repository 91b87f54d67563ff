/**
 * Packages that are optional peers: a program that does not use what needs them does not install them. One that is
 * missing is answered with the line that installs it; every other failure (a broken installation, a dependency of the
 * package that is missing, a syntax error) passes through untouched.
 */
import { notInstalled, type Peer } from './peers.ts';
import { readProperty } from './read-property.ts';

const NOT_FOUND: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];
/** `package` and the name from `import`, `module` and the specifier from `require`, a path where a file is missing. */
const NAMED = /^Cannot find (?:package|module) '([^']+)'/;

/**
 * Whether a failed import, require or resolution says that the package itself is not installed. Node tells what it did
 * not find in the message alone.
 */
export function isMissing(name: string, error: unknown): boolean {
  if (!NOT_FOUND.includes(readProperty(error, 'code'))) return false;
  const message = readProperty(error, 'message');
  const named = typeof message === 'string' ? NAMED.exec(message)?.[1] : undefined;
  return named === name || named?.startsWith(`${name}/`) === true;
}

/** Those of `names` that are not installed, without loading any. `resolve` throws for a name that it does not find. */
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
 * Imports an optional package.
 *
 * @param user what needs the package, as the first words of the error's sentence
 * @param load the import itself, written out where it is used so that bundlers and type checkers see it
 * @throws Error with the install line where the package is missing
 */
export async function importOptional<T>(user: string, name: Peer, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(name, error)) throw error;
    throw new Error(notInstalled(user, [name]), { cause: error });
  }
}
