// The gateway as a whole: its port, and the connections behind it. Alone in a process (main.ts), or beside the others
// (services/server.ts).
import type { Settings } from '#runtime/config.ts';
import type { drainSettings, gatewaySettings } from './config.ts';
import { Hub, type HubDeps } from './hub.ts';
import { type BlobHandler, Listener } from './listener.ts';

/** How long clients' last requests may take at the end. */
const DRAIN_PATIENCE_MS = 5_000;

export type Gateway = {
  /** For clients on this machine, `ws://host:port` or `wss://…`. Until `open`, it refuses them and says that it is not ready. */
  readonly url: string;
  open(): void;
  /** Whether it takes clients: what /readyz says. */
  readonly ready: boolean;
  /** Takes no new clients, says that it is not ready, and sends those that it has elsewhere, each once what it asked is answered. */
  drain(): Promise<void>;
};

/** `blobs`: who serves files on the same port, if anybody does. Throws ConfigError or StartError: settings that do not fit this machine. */
export async function startGateway(
  deps: Omit<HubDeps, 'domain' | 'signUp' | 'rateFactor'>,
  settings: Settings<typeof gatewaySettings & ReturnType<typeof drainSettings>>,
  blobs?: BlobHandler,
): Promise<Gateway> {
  const { domain, signUp, rateFactor, drainNoticeMs: noticeMs, drainMs: moveMs } = settings;
  const hub = new Hub({ ...deps, domain, signUp, rateFactor });
  const listener = new Listener(hub, settings, blobs);
  const url = await listener.listen();
  return {
    url,
    open: () => listener.open(),
    get ready() {
      return listener.ready;
    },
    async drain() {
      listener.stop();
      await hub.drain({ noticeMs, moveMs, patienceMs: DRAIN_PATIENCE_MS });
      await listener.goodbye();
    },
  };
}
