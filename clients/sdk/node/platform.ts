// What a client takes from Node: the only place where the SDK's core meets it, beside the transport and the profile's storage.

import { randomFillSync } from 'node:crypto';
import type { Http } from '../http.ts';
import { type KeyStretching, STRETCHING, STRETCHING_CHEAP } from '../opaque.ts';
import type { Clock, Platform, Random, Timers } from '../platform.ts';
import type { Upgrading } from '../profile/upgrade.ts';
import { nodeProfileHome } from './profile-home.ts';
import { type WsTransportOptions, wsTransport } from './ws-transport.ts';

const nodeClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** What a 32-bit timer holds: Node runs anything longer after 1 ms. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

export const nodeTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, TIMEOUT_MAX_MS));
    return () => clearTimeout(timer);
  },
};

export const nodeRandom: Random = (bytes) => randomFillSync(new Uint8Array(bytes));

export type NodePlatformOptions = WsTransportOptions & {
  /** Where the profile lies. */
  readonly directory: string;
  /** For accounts of tests and load generators only: passwords that cost nothing to try, in OPAQUE and in the profile. */
  readonly cheapPasswords?: boolean;
  /** A profile of an earlier version becomes one of this version. */
  readonly upgrading?: Upgrading;
};

/** A platform on Node's clock, timers, random source and WebSockets, with the profile of one directory. */
export function nodePlatform({
  directory,
  cheapPasswords = false,
  upgrading,
  ...transport
}: NodePlatformOptions): Platform {
  const stretching: KeyStretching = cheapPasswords ? STRETCHING_CHEAP : STRETCHING;
  const { memory: memoryKiB, iterations: passes, parallelism: lanes } = stretching;
  return {
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    transport: wsTransport(transport),
    http: lazyHttp(transport),
    stretching,
    profiles: nodeProfileHome({ directory, random: nodeRandom, cost: { memoryKiB, passes, lanes }, upgrading }),
  };
}

/** Node's HTTP, loaded for the first file: with what it brings along it is a tenth of the time that a command takes to start. */
function lazyHttp(options: WsTransportOptions): Http {
  let loading: Promise<Http> | undefined;
  const load = async () => (await import('./http.ts')).nodeHttp(options);
  return {
    async request(asked) {
      loading ??= load();
      return (await loading).request(asked);
    },
  };
}
