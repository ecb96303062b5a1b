// Sign(label, x): every signature of Parley says in its first signed bytes what it is for (DESIGN section 5).

import { type SignLabel, signedBytes } from '#protocol/hash.ts';
import { secrets } from '#secrets';

/** Ed25519("parley/1 " ‖ label ‖ 00 ‖ x) by the 32-byte seed: 64 bytes. */
export function signLabelled(label: SignLabel, bytes: Uint8Array, seed: Uint8Array): Uint8Array {
  return secrets.ed25519Sign(seed, signedBytes(label, bytes));
}
