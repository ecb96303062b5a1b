// What a device signs to open a session (DESIGN section 4): it binds the connection's challenge to one server, one domain,
// one device and one session number, so that an answer is worth nothing anywhere else or a second time.
import { ByteWriter } from './bytes.ts';
import { DEVICE_BYTES } from './envelope.ts';
import { verifyLabelled } from './hash.ts';

const SERVER_NONCE_BYTES = 32;
export const CLIENT_NONCE_BYTES = 16;

export interface SessionClaim {
  /** The domain of the client's own address. */
  readonly domain: string;
  /** The server key that the client pinned. */
  readonly serverKey: Uint8Array;
  /** 32 bytes from the challenge: once, 60 s, this connection. */
  readonly serverNonce: Uint8Array;
  /** 16 random bytes of the client. */
  readonly clientNonce: Uint8Array;
  readonly address: string;
  readonly device: Uint8Array;
  /** Incremented by the device for every session; the greater one wins. */
  readonly number: number;
}

/** The x of Sign("session", x): LP(domain) ‖ LP(server key) ‖ server nonce ‖ client nonce ‖ LP(address) ‖ device ‖ u64 number. */
export function sessionBytes(claim: SessionClaim): Uint8Array {
  return new ByteWriter(256)
    .text(claim.domain)
    .lp(claim.serverKey)
    .raw(claim.serverNonce, SERVER_NONCE_BYTES)
    .raw(claim.clientNonce, CLIENT_NONCE_BYTES)
    .text(claim.address)
    .raw(claim.device, DEVICE_BYTES)
    .u64(claim.number)
    .finish();
}

/** Whether the device with this Ed25519 key signed the claim. */
export function verifySession(claim: SessionClaim, ed25519: Uint8Array, signature: Uint8Array): boolean {
  return verifyLabelled('session', sessionBytes(claim), ed25519, signature);
}
