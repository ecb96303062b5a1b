// Tickets: what a session asked a gateway for, written so that whoever serves blobs believes it without asking anybody. One ticket lets one device
// upload or download one blob, for TICKET_MAX_AGE_MS. It is the only bearer token of Parley: it travels in a header, never in a URL, where
// proxies would log it.
//
//   base64url(u8 version 1 ‖ u8 right (1 put, 2 get) ‖ blob (32) ‖ LP(address) ‖ device (32) ‖ u64 until, ms since 1970 ‖ u64 size ‖ u64 retention, ms
//             ‖ HMAC-SHA-256(key, "parley/1 ticket" ‖ 00 ‖ all before)[0..16])
import { createHmac, timingSafeEqual } from 'node:crypto';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { ByteReader, ByteWriter, encodeText } from '#protocol/bytes.ts';
import { ProtocolError, RequestError } from '#protocol/errors.ts';
import { TICKET_MAX_AGE_MS } from '#protocol/limits.ts';
import type { SharedFacts } from './store/meta.ts';

/** `blob` and `device` are Base64. `size`: bytes of the whole blob; `retention`: how long it is kept once it is whole, ms; both 0 where it is to be had. */
export type Ticket = {
  readonly right: 'put' | 'get';
  readonly blob: string;
  readonly address: string;
  readonly device: string;
  readonly size: number;
  readonly retention: number;
};

/** The name of the fact under which the instances of a deployment share the key, Base64. No secret from whoever reads the store: the blobs are in it. */
const TICKET_KEY = 'ticketKey';
export const TICKET_KEY_BYTES = 32;

const VERSION = 1;
const RIGHTS = { put: 1, get: 2 } as const;
const MAC_BYTES = 16;
const ADDRESS_MAX_BYTES = 286;
const LABEL = encodeText('parley/1 ticket\0');

export class Tickets {
  readonly #key: Uint8Array;
  readonly #now: () => number;

  /** `key`: TICKET_KEY_BYTES random bytes. `now`: ms since 1970. */
  constructor(key: Uint8Array, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  write({ right, blob, address, device, size, retention }: Ticket): string {
    const signed = new ByteWriter()
      .u8(VERSION)
      .u8(RIGHTS[right])
      .raw(decodeBase64(blob), 32)
      .text(address)
      .raw(decodeBase64(device), 32)
      .u64(this.#now() + TICKET_MAX_AGE_MS)
      .u64(size)
      .u64(retention)
      .finish();
    return Buffer.concat([signed, this.#mac(signed)]).toString('base64url');
  }

  /** Throws RequestError `bad_ticket`: another deployment's, changed, or too old. */
  read(text: string): Ticket {
    const bytes = new Uint8Array(Buffer.from(text, 'base64url'));
    const signed = bytes.subarray(0, -MAC_BYTES);
    const mac = bytes.subarray(signed.length);
    if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, this.#mac(signed))) throw new RequestError('bad_ticket');
    const { until, ...ticket } = read(signed);
    if (this.#now() > until) throw new RequestError('bad_ticket', 'The ticket has expired. Ask for another.');
    return ticket;
  }

  #mac(signed: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#key).update(LABEL).update(signed).digest().subarray(0, MAC_BYTES);
  }
}

/** Tickets of a deployment of several processes: the first one makes the key. */
export async function sharedTickets(
  facts: SharedFacts,
  { random, now }: { readonly random: (bytes: number) => Uint8Array; readonly now: () => number },
): Promise<Tickets> {
  const key = await facts.keepFact(TICKET_KEY, encodeBase64(random(TICKET_KEY_BYTES)));
  return new Tickets(decodeBase64(key), now);
}

/** What was written with the key; of another version, it is none. */
function read(signed: Uint8Array): Ticket & { readonly until: number } {
  try {
    const reader = new ByteReader(signed);
    if (reader.u8() !== VERSION) throw new RequestError('bad_ticket');
    const right = reader.u8() === RIGHTS.put ? 'put' : 'get';
    const blob = encodeBase64(reader.raw(32));
    const address = reader.text(ADDRESS_MAX_BYTES);
    const device = encodeBase64(reader.raw(32));
    const until = reader.u64();
    const ticket = { right, blob, address, device, until, size: reader.u64(), retention: reader.u64() } as const;
    reader.end();
    return ticket;
  } catch (error) {
    throw error instanceof ProtocolError ? new RequestError('bad_ticket') : error;
  }
}
