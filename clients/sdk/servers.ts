// The addresses of servers: those that a person names, before anybody knows whether they are right, and those that do not answer.
import { Unavailable } from '#protocol/errors.ts';
import type { Profile } from './profile/profile.ts';

/** What TLS says of an answer that has none of it. */
const NO_TLS = /wrong version number/;

/** No connection could be made to this server. The message says what to look at. */
export class Unreachable extends Unavailable {
  constructor(server: string, reason: string) {
    const why = NO_TLS.test(reason) ? 'it answers without TLS, as ws:// does' : reason.trim().replace(/\.$/, '');
    super(`${server} cannot be reached: ${why}. Check the address, and that the server runs.`);
  }
}

/**
 * The same profile, as if it remembered these servers: a mistyped address must not take the place of one that works, so it is not written
 * until `setServers` says so.
 */
export function atServers(profile: Profile, servers: readonly string[]): Profile {
  const { account } = profile;
  return {
    ...profile,
    account: {
      ...account,
      get: async () => ({ ...(await account.get()), servers }),
      async setServers(fresh) {
        if ((await account.get()).servers.join() !== fresh.join()) await account.setServers(fresh);
      },
    },
  };
}
