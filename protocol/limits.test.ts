import { expect, test } from 'vitest';
import { type ClientFrameOf, clientFrame } from './frames/client.ts';
import {
  ADDRESS_MAX_CHARS,
  BODY_MAX_BYTES,
  CLIENT_FRAME_MAX_BYTES,
  GROUP_SLOTS_MAX,
  HEADER_MAX_BYTES,
  SLOT_BYTES,
} from './limits.ts';

const base64 = (bytes: number): string => Buffer.alloc(bytes).toString('base64');

test('the longest message to a group is a frame that a connection takes', () => {
  const to = `${'a'.repeat(32)}@${'d'.repeat(ADDRESS_MAX_CHARS - 33)}`;
  const slots = Array.from({ length: GROUP_SLOTS_MAX }, () => ({ to, device: base64(32), slot: base64(SLOT_BYTES) }));
  const [header, body] = [base64(HEADER_MAX_BYTES), base64(BODY_MAX_BYTES)];
  const send: ClientFrameOf<'send'> = {
    type: 'send',
    id: Number.MAX_SAFE_INTEGER,
    header,
    body,
    slots,
    retention: 2_592_000_000,
    group: to,
  };
  expect(clientFrame.safeParse(send).error).toBeUndefined();
  expect(JSON.stringify(send).length).toBeLessThanOrEqual(CLIENT_FRAME_MAX_BYTES);
});
