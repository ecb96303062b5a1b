// The relay as a process: what nothing that does the product's work can exceed on this machine.
import { fileURLToPath } from 'node:url';
import { Listening } from '../test/listening.fixture.ts';
import { Subject } from './subject.ts';

const RELAY = fileURLToPath(new URL('./relay.ts', import.meta.url));

export async function startRelay(): Promise<Subject> {
  const relay = await Listening.start([RELAY]);
  return new Subject(relay, { own: () => ({ relay: [relay.pid] }) });
}
