// All that a client takes from the machine it runs on, as one object: so the same core runs in Node, in a browser and in tests.
import type { Http } from './http.ts';
import type { KeyStretching } from './opaque.ts';
import type { NewAccount, Profile } from './profile/profile.ts';
import type { Transport } from './transport.ts';

export interface Clock {
  /** ms since 1970, by the wall clock: for what is written down. */
  now(): number;
  /** ms since some start, never falling: for durations. */
  monotonic(): number;
}

export interface Timers {
  /** Runs once after `ms`; returns what cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** That many bytes from a cryptographic source. */
export type Random = (bytes: number) => Uint8Array;

/** Where this machine keeps the profile that it was asked for. Throws ProfileError. */
export interface ProfileHome {
  create(account: NewAccount, password: string): Promise<Profile>;
  open(password: string): Promise<Profile>;
}

export interface Platform {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly transport: Transport;
  readonly http: Http;
  /** What a password costs to try, in OPAQUE: the same on all devices of an account. */
  readonly stretching: KeyStretching;
  readonly profiles: ProfileHome;
}
