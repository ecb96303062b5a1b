// Loaded into a server under test (--import) so that its memory can be measured without the garbage of the moment: it
// collects when it is told to. Needs --expose-gc.
process.on('SIGUSR2', () => globalThis.gc?.());
