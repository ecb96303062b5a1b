// Loaded before a program of the image. Node is process 1 there, and process 1 gets no signal that it does not listen for: one that came while
// modules were still being loaded was lost, and a service that then waited for its store was killed 40 s later (seen). Until the program listens
// itself, the first signal ends it.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(0);
  });
}
