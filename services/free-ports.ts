// Ports for processes that are started together and told of each other, so that they cannot each take any free one.
import { createServer } from 'node:net';

/** Below those that systems give to outgoing connections: a process that is killed finds its port free again. */
const PORT_FIRST = 17_000;
const PORTS = 14_000;

/** The first of so many neighbouring ports on which nobody listens at this address of the machine. That there is no such address, who listens there says. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const first = PORT_FIRST + Math.floor((Math.random() * PORTS) / count) * count;
    const taken = await Promise.all(Array.from({ length: count }, (_, index) => isTaken(first + index, host)));
    if (!taken.includes(true)) return first;
  }
}

function isTaken(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code }: Error & { code?: string }) => resolve(code === 'EADDRINUSE'));
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
}
