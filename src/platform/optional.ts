/**
 * Imports a package that is an optional peer: whoever never uses the part that needs it never installs it.
 *
 * @param user what needs the package, as the first words of the error's sentence
 * @param packageName what to install
 * @param load the import itself, written out where it is used so that bundlers and type checkers see it
 * @throws Error that prints the install line when the package is not there; any other failure passes through
 */
export async function importOptional<T>(user: string, packageName: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(`${user} needs the package ${packageName}: npm install ${packageName}`, { cause: error });
  }
}
