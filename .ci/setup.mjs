#!/usr/bin/env node
// Makes a checkout ready: installs what the lock file names and, with --build, compiles. npm runs it before start,
// test and bench; where nothing has changed it ends within a tenth of a second.
//
// It imports the rest only once the version is known to do, so that an old Node.js says this and not a syntax error.

const needed = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > needed[0] || (major === needed[0] && minor >= needed[1])) {
  import('./prepare.mjs')
    .then(({ prepare }) => prepare({ build: process.argv.includes('--build') }))
    .catch((error) => {
      console.error(`setup: ${error.message}`);
      process.exitCode = 1;
    });
} else {
  console.error(
    `tta-primitives needs Node.js ${needed.join('.')} or newer, this is ${process.versions.node}: see https://nodejs.org/en/download`,
  );
  process.exitCode = 1;
}
