// Opening a session: the one thing that every connection asks for, 2,000 at once when a server comes back.
import { decodeBase64 } from '#protocol/base64.ts';
import type { AccountCommand } from '#protocol/commands.ts';
import { RequestError } from '#protocol/errors.ts';
import { verifySession } from '#protocol/session.ts';
import { type AuthContext, type AuthState, type Outcome, openAccount } from './state.ts';

/**
 * `session`: whether a device of the account signed this connection's challenge (`challenge`: the server's nonce, Base64; that it is
 * fresh is the gateway's part). RequestError `bad_signature`, also for a name that nobody has: no stranger learns which names there are;
 * `unknown_user` for a deleted account; `device_revoked`.
 */
export function openSession(
  state: AuthState,
  { frame, challenge }: Extract<AccountCommand, { type: 'session' }>,
  { domain, opaque }: AuthContext,
): Outcome<'session'> {
  const device = state.account && openAccount(state).log.devices.get(frame.device);
  if (!device) throw new RequestError('bad_signature', 'There is no such device.');
  const claim = {
    domain,
    serverKey: opaque.publicKeyBytes,
    serverNonce: decodeBase64(challenge),
    clientNonce: decodeBase64(frame.nonce),
    address: state.address,
    device: device.id,
    number: frame.number,
  };
  if (!verifySession(claim, device.ed25519, decodeBase64(frame.signature))) throw new RequestError('bad_signature');
  if (device.revoked) throw new RequestError('device_revoked');
  return { answer: {} };
}
