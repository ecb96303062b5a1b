// A person in a process of their own, with a profile on the disk: made at the first start, opened at all others.
import { existsSync } from 'node:fs';
import { Client } from '../../clients/sdk/client.ts';
import { nodePlatform } from '../../clients/sdk/node/platform.ts';
import { say } from './line.ts';

const PASSWORD = 'lantern quarry biscuit';

/** `work` with the client of this address, connected. What it throws is said in a line, and ends the process. */
export async function asPerson(
  { server, directory, address }: { readonly server: string; readonly directory: string; readonly address: string },
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const platform = nodePlatform({ directory, cheapPasswords: true });
  const client = existsSync(directory)
    ? await Client.open(platform, PASSWORD)
    : await Client.signUp(platform, { address, password: PASSWORD, servers: [server] });
  try {
    await client.connect({ receive: true });
    await client.online();
    say({ type: 'online' });
    await work(client);
  } catch (error) {
    say({ type: 'failed', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  } finally {
    await client.close();
  }
}
