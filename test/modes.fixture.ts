// The same tests against one process and against a stack of services over real servers: what a person sees must not differ.
import { describe } from 'vitest';
import type { Deployment } from './deployment.fixture.ts';
import { ServerProcess } from './server.fixture.ts';
import { describeOnAll } from './services.fixture.ts';
import { StackProcesses } from './stack.fixture.ts';

/** Starts a Parley server with these options. */
export type Start = (options?: readonly string[]) => Promise<Deployment>;

/** The tests of `body` in both modes; the distributed ones where RabbitMQ, MongoDB and NATS are given. */
export function describeInBothModes(body: (start: Start) => void): void {
  describe('embedded', () => body((options) => ServerProcess.start(options)));
  describeOnAll('distributed', (urls) => body((options) => StackProcesses.start(urls, options)));
}
