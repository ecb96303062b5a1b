// `received` tags: a recipient device's word, to the sender alone, that it has a message (DESIGN section 5). Only who opened
// the slot can make one, so a server cannot invent deliveries.
import { equalBytes } from '#protocol/bytes.ts';
import { type DeviceIds, encodeIds } from '#protocol/envelope.ts';
import { S } from '#protocol/hash.ts';

export const RECEIVED_TAG_BYTES = 16;
const STATE = { delivered: 1, read: 2 } as const;
export type ReceivedState = keyof typeof STATE;

/** S("received", K ‖ mh ‖ ids of recipient device ‖ u8 1 delivered, 2 read)[0..16]. */
export function receivedTag(
  messageKey: Uint8Array,
  messageHash: Uint8Array,
  recipient: DeviceIds,
  state: ReceivedState,
): Uint8Array {
  const tag = S('received', messageKey, messageHash, encodeIds(recipient), Uint8Array.of(STATE[state]));
  return tag.slice(0, RECEIVED_TAG_BYTES);
}

/** Whether this is that device's tag for that message and state. */
export function isReceivedTag(
  tag: Uint8Array,
  messageKey: Uint8Array,
  messageHash: Uint8Array,
  recipient: DeviceIds,
  state: ReceivedState,
): boolean {
  return equalBytes(tag, receivedTag(messageKey, messageHash, recipient, state));
}
