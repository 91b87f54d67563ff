/** Programs that start other programs. They inherit NODE_OPTIONS, and would take the port of the program that they start. */
import { realpathSync } from 'node:fs';

const PACKAGE_MANAGER = /[\\/](?:npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(?:-cli)?(?:-\d[\w.-]*)?(?:\.[cm]?js)?$/;
const IN_PACKAGE =
  /[\\/](?:node_modules|nodejs)[\\/](?:npm|yarn|pnpm|corepack|@yarnpkg[\\/]cli|nodemon|tsx|concurrently|cross-env|dotenv-cli|npm-run-all2?|turbo|nx|lerna|forever)[\\/]/;
/** The same package has the code that runs in the programs themselves. */
const PM2 = /[\\/]pm2[\\/](?:bin[\\/]|lib[\\/](?:Daemon|binaries))/;

/** @param script the path of the main script, as in `process.argv[1]` */
export function isLauncher(script: string | undefined): boolean {
  if (script === undefined) return false;
  if (PACKAGE_MANAGER.test(script)) return true;
  const path = realPath(script);
  return PACKAGE_MANAGER.test(path) || IN_PACKAGE.test(path) || PM2.test(path);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
