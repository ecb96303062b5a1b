// Loaded before anything else by the scripts of package.json, in JavaScript that any Node reads: a Node that does not
// run TypeScript would otherwise end with a stack trace about a file extension. `npm ci` brings Node 24 where it exists
// for the platform; elsewhere the machine's own is used, and this says what it must be.
import module from 'node:module';

if (!process.features.typescript) {
  console.error(
    `Parley needs Node 22.18 or newer, this is ${process.versions.node}. ` +
      'Run `npm ci` without --omit=optional, which brings a Node 24 for most platforms, or install a newer Node.',
  );
  process.exit(1);
}
// Stripped and compiled modules are kept: a command of the terminal client starts in half the time.
module.enableCompileCache(new URL('./node_modules/.cache/node', import.meta.url).pathname);
