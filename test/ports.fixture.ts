// Ports of servers and networks that a test ends and begins again. One that the system chose is among those that it gives to whoever asks for any:
// while nobody listens on it, another process of the machine may come to have it, and the server that comes again is refused.
import { freePorts } from '../services/free-ports.ts';

/** Files run side by side, and those who ask in two of them at once must not be given the same ones. */
const BLOCK = 100;
const WORKERS = 2;
const given = new Set<number>();

/** The first of so many neighbouring ports on which nobody listens, and which nobody else among the tests is given. */
export async function testPorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePorts(count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.some((port) => given.has(port)) || !ports.every(isOfThisWorker)) continue;
    for (const port of ports) given.add(port);
    return first;
  }
}

/** As vitest numbers the processes that run files; outside of it there is but one. */
function isOfThisWorker(port: number): boolean {
  const worker = process.env.VITEST_POOL_ID;
  return worker === undefined || Math.floor(port / BLOCK) % WORKERS === Number(worker) % WORKERS;
}
