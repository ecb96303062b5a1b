// The product in one process, on data in a directory in the system's place for temporary files.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Listening } from '../test/listening.fixture.ts';
import type { Place } from './place.ts';
import { type StartOptions, Subject, serverOptions } from './subject.ts';

const SERVER = fileURLToPath(new URL('../services/server.ts', import.meta.url));

export async function makeEmbedded(): Promise<Place> {
  const data = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  let running: Subject | undefined;
  const start = async (options: StartOptions): Promise<Subject> => {
    const server = await Listening.start([...options.nodeOptions, SERVER, '--data', data, ...serverOptions(options)]);
    running = new Subject(server, { own: () => ({ server: [server.pid] }) });
    return running;
  };
  return {
    params: {},
    start,
    async crash(subject, options) {
      await subject.end('SIGKILL');
      return start(options);
    },
    async remove() {
      await running?.end('SIGKILL');
      await rm(data, { recursive: true, force: true });
    },
  };
}
