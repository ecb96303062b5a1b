// Auth as a whole: its actors on a store and a bus. Alone in a process (main.ts), or beside the others (services/server.ts).
import { ActorHost, type HostDeps } from '#runtime/actors/host.ts';
import type { Settings } from '#runtime/config.ts';
import type { Metrics } from '#runtime/metrics.ts';
import { accountActors } from './account.ts';
import { type authSettings, readOpaqueSetup, readSignUpPolicy } from './config.ts';
import type { InvitationKey } from './invitation-code.ts';
import { openOpaque } from './setup.ts';
import type { AccountStore } from './store.ts';

export type Auth = {
  /** OPAQUE's public key, base64url: clients pin it. */
  readonly serverKey: string;
  stop(): Promise<void>;
};

/** Takes part in owning the accounts. Throws ConfigError for a setting that does not fit the data; whatever the store throws. */
export async function startAuth(
  deps: Omit<HostDeps, 'observer'> & {
    readonly metrics: Metrics;
    readonly store: AccountStore;
    readonly domain: string;
    readonly random: (bytes: number) => Uint8Array;
    /** The key of invitations where no setting gives it; without: one has to. */
    readonly keepInvitationKey?: () => InvitationKey;
  },
  settings: Settings<typeof authSettings>,
): Promise<Auth> {
  const { store, domain, random, metrics } = deps;
  const signUp = readSignUpPolicy(settings, deps.keepInvitationKey);
  const opaque = await openOpaque(store, domain, readOpaqueSetup(settings));
  const { triesPerAccount, triesPerSource } = settings;
  const type = accountActors({ store, domain, opaque, signUp, random, triesPerAccount, triesPerSource });
  const host = new ActorHost({ ...deps, observer: metrics, type });
  metrics.runs('account', host);
  return { serverKey: opaque.publicKey, stop: () => host.stop() };
}
