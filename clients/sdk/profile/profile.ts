// The profile: keys, pins, outbox, history and event journal of ONE device of one account, encrypted at rest (DESIGN sections 3 to 5, 7).
// This file and the types that it hands on are its whole interface, so that sending, receiving and the user interfaces agree on what is kept and what is atomic.
// Conventions: `DeviceId` and `MessageId` are canonical Base64 text (32 and 16 bytes), because they are map keys and travel so in frames;
// keys, hashes and sealed parts are bytes. `conversation` is a name that the core chooses once and keeps (the other address, or `#…` of a group); it is hashed
// with a profile key before it meets a disk. Times are ms since 1970 and passed in. Each method is one transaction, durable (synced)
// when its promise resolves unless its line says otherwise. Several processes may use one profile at the same time.
import type { SignedEntryText } from '#protocol/frames/fields.ts';
import type { GroupsPart } from './grouped.ts';
import type { DeviceId } from './ids.ts';
import type { EventsPart, NewEvent } from './journal.ts';
import type { HistoryPart } from './lines.ts';
import type { ReceivingPart } from './received.ts';
import type { SendingPart } from './sent.ts';
import type { UploadsPart } from './upload.ts';

export type * from './grouped.ts';
export type * from './ids.ts';
export type * from './journal.ts';
export type * from './lines.ts';
export type * from './received.ts';
export type * from './sent.ts';
export type * from './upload.ts';

/** What went wrong with the files themselves; `message` is a sentence that says what to do. */
export type ProfileProblem =
  | 'missing'
  | 'exists'
  | 'wrong_password'
  | 'corrupt'
  | 'foreign'
  | 'unknown_version'
  | 'busy'
  | 'no_access'
  | 'no_space';

/** The profile cannot be used as asked: tell the person `message`. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  readonly problem: ProfileProblem;

  constructor(problem: ProfileProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

/** The account and this device, as a profile begins. */
export type NewAccount = {
  readonly address: string;
  readonly domain: string;
  readonly servers: readonly string[];
  /** The server's OPAQUE key of the first challenge, base64url text: pinned. */
  readonly serverKey: string;
  /** Own identity, Ed25519 public key (32). */
  readonly identity: Uint8Array;
  readonly device: DeviceId;
  /** X25519 secret key (32) and Ed25519 seed (32) of this device. */
  readonly boxSecret: Uint8Array;
  readonly signSeed: Uint8Array;
  /** Number of `password` entries in the account log that the wrapping password belongs to. */
  readonly passwordVersion: number;
};

export type Account = NewAccount & {
  /** The highest password version seen in the own account log. */
  readonly passwordVersionSeen: number;
  /** The password was changed elsewhere: ask for the new one, prove it by OPAQUE, then `rewrap`. */
  readonly passwordChanged: boolean;
  /** As a server said last. */
  readonly gone?: Gone;
  /** A time that has come for certain (sure-time.ts). */
  readonly sureTime?: number;
  /** False: nobody is told what was read here, and what others tell is not shown. Absent: true. */
  readonly receipts?: boolean;
  /** False: nobody sees that this device is online, or that its person types here. Absent: true. */
  readonly visible?: boolean;
  /** What own devices are called, by themselves; `seq`: of the message that said so, 0 for this one. */
  readonly deviceNames?: Readonly<Record<DeviceId, { readonly name: string; readonly seq: number }>>;
  /** Own devices that were told the present name of this one. */
  readonly nameTold?: readonly DeviceId[];
};

export interface AccountPart {
  /** The account as it is now (read anew: another process may have changed it). */
  get(): Promise<Account>;
  setServers(servers: readonly string[]): Promise<void>;
  /** Undefined: a server took this device after all. */
  setGone(gone: Gone | undefined): Promise<void>;
  setSureTime(sureTime: number): Promise<void>;
  setReceipts(receipts: boolean): Promise<void>;
  setVisible(visible: boolean): Promise<void>;
  /** From now on nobody was told. */
  nameThisDevice(name: string): Promise<void>;
  /** Another own device says so of itself in its message `seq` to oneself; an earlier one than the last changes nothing. */
  nameDevice(device: DeviceId, name: string, seq: number): Promise<void>;
  toldName(devices: readonly DeviceId[]): Promise<void>;
  /** The next session number, from 1, never given twice to any process. */
  nextSessionNumber(): Promise<number>;
  /** Keeps the highest `version` seen; from then on `passwordChanged` is true until `rewrap` with that version. */
  sawPasswordVersion(version: number): Promise<void>;
  /** Wraps the profile key with another password (NFC is applied here); the old wrapping is overwritten with it, and scrubbed from disk. */
  rewrap(password: string, passwordVersion: number): Promise<void>;
}

/** Why this device is out of its account for good: another one revoked it, or the account was deleted. */
export type Gone = 'revoked' | 'deleted';

/** What is known of one address. `log` is the verified chain, oldest first; the caller decides that a longer one replaces it. */
export type Pin = {
  readonly address: string;
  readonly identity: Uint8Array;
  readonly log: readonly SignedEntryText[];
  /** When each device of the log was first seen here: decides late slots. */
  readonly firstSeen: Readonly<Record<DeviceId, number>>;
  readonly verified: boolean;
  readonly blocked: boolean;
  /**
   * How often a server said, of an accepted message, that this person has other devices than it was sealed for, and up to which of these times
   * the log was fetched and late slots were made. Equal: nothing is to be done.
   */
  readonly stale?: { readonly said: number; readonly done: number };
  /** A log under another identity, kept aside until the person accepts it. */
  readonly changed?: {
    readonly identity: Uint8Array;
    readonly log: readonly SignedEntryText[];
    readonly seenAt: number;
  };
};

export interface PinsPart {
  get(address: string): Promise<Pin | undefined>;
  list(): Promise<Pin[]>;
  /**
   * Reads the pin (undefined: none yet), lets `change` decide, writes what it returns (undefined: nothing), all in one transaction,
   * together with the events. `change` is synchronous and may throw, which changes nothing. Resolves with the pin as it is then.
   */
  update(
    address: string,
    change: (pin: Pin | undefined) => { readonly pin: Pin; readonly events?: readonly NewEvent[] } | undefined,
  ): Promise<Pin | undefined>;
}

export interface Profile {
  readonly account: AccountPart;
  readonly pins: PinsPart;
  readonly sending: SendingPart;
  readonly receiving: ReceivingPart;
  readonly history: HistoryPart;
  readonly groups: GroupsPart;
  readonly uploads: UploadsPart;
  readonly events: EventsPart;
  /** The right to hold the receiving session: one process at a time; freed by `release`, or by the system when the process dies. Undefined: taken. */
  tryReceiverLock(): Promise<{ release(): void } | undefined>;
  /** Waits for what is under way, forgets the keys in memory, closes the files. */
  close(): Promise<void>;
  /** Deletes the wrapped key first, then overwrites and removes the rest. The profile is closed then. */
  erase(): Promise<void>;
}
