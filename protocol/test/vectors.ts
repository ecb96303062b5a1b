// The golden vectors, typed, for the tests of protocol/ and of the client's cryptography. protocol/vectors/README.md says
// what each field means; somebody with another language starts from the same files.
import { readFileSync } from 'node:fs';
import type { SignedEntryText } from '../account-entry.ts';
import type { OpenStep } from '../errors.ts';
import type { SignedGroupEntryText } from '../frames/fields.ts';
import type { GroupChange } from '../group-entry.ts';

function load<T>(name: string): T {
  // The files are part of this repository; what is wrong in one fails the test that uses it.
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** Hexadecimal, unless a comment says otherwise. */
type Hex = string;

export interface PositionVector {
  index: number;
  head: Hex;
}

export interface EnvelopeText {
  header: string;
  body: string;
}

export interface SealedVector {
  name: string;
  sender: string;
  headerFields: {
    kind: number;
    conversation: Hex;
    epoch: number;
    head: Hex;
    id: Hex;
    sender: string;
    device: Hex;
    seq: number;
  };
  privateFields: {
    previous: Hex;
    senderPosition: PositionVector;
    recipientPosition: PositionVector | null;
    heads: { device: Hex; seq: number; order: number; mh: Hex }[];
    sentAt: number;
    expiry: number;
    content: { hex: Hex; cycledTo: number };
  };
  K: Hex;
  n: Hex;
  header: Hex;
  private: Hex | null;
  sig: Hex;
  hashOfHeader: Hex;
  hashOfPrivate: Hex;
  padded: number;
  C: Hex | null;
  hashOfC: Hex;
  com: Hex;
  mh: Hex;
  slots: {
    reader: string;
    to: string;
    device: Hex;
    t: Hex;
    x25519: Hex;
    boxKey: Hex;
    slot: Hex;
    delivered: Hex;
    read: Hex;
  }[];
  /** Base64. */
  envelope: EnvelopeText & { slots: { to: string; device: string; slot: string }[] };
}

export interface SeenVector {
  device: Hex;
  id: Hex;
  conversation: Hex;
  seq: number;
  mh: Hex;
}

export interface RefusedVector {
  name: string;
  reader: string;
  /** Base64, or what should have been. */
  given: EnvelopeText & { slot: string };
  state: { lastEpoch?: number; seen?: SeenVector[] };
  step: OpenStep;
  verdict: 'refuse' | 'repeat' | 'fork';
}

export interface DeviceVector {
  name: string;
  address: string;
  identity: Hex;
  xSecret: Hex;
  xPublic: Hex;
  edSeed: Hex;
  edPublic: Hex;
  id: Hex;
  revoked: boolean;
}

export const suite1 = load<{
  primitives: {
    lp: { x: Hex; out: Hex }[];
    h: { x: Hex; out: Hex }[];
    s: { label: string; x: Hex; out: Hex }[];
    sign: { seed: Hex; publicKey: Hex; label: string; x: Hex; out: Hex }[];
    pad: { length: number; byte: number; padded: number; hash: Hex }[];
    device: { x25519: Hex; ed25519: Hex; out: Hex }[];
    ids: { device: string; out: Hex }[];
    direct: { addresses: [string, string]; out: Hex }[];
  };
  world: {
    accounts: { address: string; identity: Hex; position: PositionVector }[];
    devices: DeviceVector[];
    groups: { id: Hex; epochs: { epoch: number; head: Hex; members: string[] }[] }[];
  };
  sealed: SealedVector[];
  refused: RefusedVector[];
  ed25519: { name: string; publicKey: Hex; message: Hex; signature: Hex; accept: boolean }[];
  x25519: { name: string; secret: Hex; u: Hex; accept: boolean; shared: Hex | null }[];
}>('suite1');

export const accountLog = load<{
  address: string;
  identitySeed: Hex;
  identity: Hex;
  devices: { name: string; x25519Secret: Hex; ed25519Seed: Hex; id: Hex }[];
  entries: ({
    name: string;
    index: number;
    previous: Hex;
    time: number;
    entry: Hex;
    head: Hex;
    signed: SignedEntryText;
  } & (
    | { type: 'device'; device: string; x25519: Hex; ed25519: Hex; suites: number[] }
    | { type: 'revoke'; device: string }
    | { type: 'password'; version: number; record: Hex; vault: Hex }
  ))[];
  deletion: { bytes: Hex; signature: Hex };
  refused: { name: string; after: number; given: SignedEntryText }[];
}>('account-log');

type SubjectVector = { address: string; identity: Hex };

export const groupLog = load<{
  name: string;
  id: Hex;
  logs: { address: string; entries: SignedEntryText[] }[];
  entries: {
    name: string;
    index: number;
    group: Hex;
    previous: Hex;
    type: GroupChange['type'];
    actor: SubjectVector & { device: Hex; position: PositionVector };
    subject?: SubjectVector;
    role?: 'member' | 'admin';
    policy?: 'closed' | 'open' | 'lobby';
    groupName?: string;
    random?: Hex;
    time: number;
    membership: Hex | null;
    state: Hex;
    entry: Hex;
    head: Hex;
    signed: SignedGroupEntryText;
  }[];
  refused: { name: string; after: number; given: SignedGroupEntryText }[];
}>('group-log');

export const sessions = load<{
  ed25519Seed: Hex;
  ed25519: Hex;
  sessions: {
    name: string;
    domain: string;
    serverKey: Hex;
    serverNonce: Hex;
    clientNonce: Hex;
    address: string;
    device: Hex;
    number: number;
    bytes: Hex;
    signature: Hex;
  }[];
}>('session');

export const vaults = load<{
  vaults: {
    name: string;
    address: string;
    exportKey: Hex;
    nonce: Hex;
    identitySeed: Hex;
    position: PositionVector;
    vault: Hex;
  }[];
}>('vault');

export const safetyNumbers = load<{
  numbers: { accounts: [{ address: string; identity: Hex }, { address: string; identity: Hex }]; number: string }[];
}>('safety');

/** OPAQUE's values are base64url without padding; blinds, nonces, secret and export keys are hexadecimal. */
export const opaqueVector = load<{
  client: string;
  server: string;
  password: string;
  serverKey: string;
  registration: { request: string; response: string; record: string; exportKey: Hex };
  login: {
    clientState: string;
    request: string;
    response: string;
    serverState: string;
    finish: string;
    exportKey: Hex;
  };
}>('opaque');

/** Byte i of a file: (7 i + 3 ⌊i / 256⌋ + 1) mod 256. */
export const files = load<{
  files: {
    name: string;
    size: number;
    key: Hex;
    blobBytes: number;
    blobHash: Hex;
    chunks: { nonce: Hex; bytes: number; begins: Hex; ends: Hex; hash: Hex }[];
    root: Hex;
  }[];
  contents: {
    of: string;
    blob: Hex;
    type: string;
    name: string;
    image?: { width: number; height: number; preview: { width: number; height: number; pixels: Hex } };
    content: Hex;
  }[];
}>('file');
