// The servers that a test starts, removed after it.
import { afterEach } from 'vitest';
import { ServerProcess } from './server.fixture.ts';

/** Registers the hook that removes them, and returns what starts one, with these further options, on fresh data unless given. */
export function startsServers(): (options?: readonly string[], data?: string) => Promise<ServerProcess> {
  const running: ServerProcess[] = [];
  afterEach(async () => {
    const all = running.splice(0);
    await Promise.all(all.map((server) => server.kill())); // one may be on the data of another
    await Promise.all(all.map((server) => server.remove()));
  });
  return async (options = [], data) => {
    const server = await ServerProcess.start(['--log-level', 'warn', ...options], data);
    running.push(server);
    return server;
  };
}
