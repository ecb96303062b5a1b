// Sealed bytes as a frame carries them: the first time, again after a lost answer, and with late slots alone.
import { encodeBase64 } from '#protocol/base64.ts';
import type { Fields } from './connection.ts';
import type { SealedItem } from './profile/profile.ts';

/** The `send` frame of sealed bytes with these slots. */
export function sendFields(
  { header, body, group }: Pick<SealedItem, 'header' | 'body'> & { readonly group?: string },
  slots: SealedItem['slots'],
  retention: number | undefined,
): Fields<'send'> {
  return {
    header: encodeBase64(header),
    body: encodeBase64(body),
    slots: slots.map(({ to, device, slot }) => ({ to, device, slot: encodeBase64(slot) })),
    ...(group === undefined ? {} : { group }),
    ...(retention === undefined ? {} : { retention }),
  };
}
