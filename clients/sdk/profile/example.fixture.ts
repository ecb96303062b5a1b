// Accounts and messages as tests of profiles use them; random source as in a browser, key stretching at a cost that tests can pay.
import { encodeBase64 } from '#protocol/base64.ts';
import { encodeText } from '#protocol/bytes.ts';
import type { Random } from '../platform.ts';
import type { StretchCost } from './key.ts';
import type { NewAccount, NewMessage, Received } from './profile.ts';

export const random: Random = (bytes) => crypto.getRandomValues(new Uint8Array(bytes));
export const CHEAP: StretchCost = { memoryKiB: 64, passes: 1, lanes: 1 };
export const PASSWORD = 'Grüße an alle Möwen';
export const BO = 'bo.with.a.long.name@example.org';

export function exampleAccount(): NewAccount {
  return {
    ...{ address: 'al.with.a.long.name@example.org', domain: 'example.org', servers: ['wss://chat.example.org'] },
    ...{ serverKey: 'server-key-of-the-example', identity: random(32), device: encodeBase64(random(32)) },
    ...{ boxSecret: random(32), signSeed: random(32), passwordVersion: 0 },
  };
}

export function exampleMessage(change: Partial<NewMessage> = {}): NewMessage {
  return {
    ...{ conversation: BO, recipients: [BO], kind: 'text', content: encodeText('hello'), createdAt: 1_000, expiry: 0 },
    seal: () => ({
      ...{ id: encodeBase64(random(16)), header: random(200), body: random(328), k: random(32), mh: random(32) },
      slots: [{ to: BO, device: encodeBase64(random(32)), slot: random(80) }],
    }),
    ...change,
  };
}

/** Messages first … last of one sender's device, correctly chained from `previous`. */
export function exampleChain(count: number, change: Partial<Received> = {}): Received[] {
  const device = encodeBase64(random(32));
  let previous: Uint8Array = new Uint8Array(32);
  return Array.from({ length: count }, (_, i) => {
    const mh = random(32);
    const message: Received = {
      ...{
        conversation: BO,
        from: BO,
        device,
        id: encodeBase64(random(16)),
        seq: i + 1,
        mh,
        previous,
        order: 0,
      },
      ...{
        kind: 'text',
        content: encodeText(`text ${i + 1}`),
        sentAt: 1_000 + i,
        receivedAt: 2_000 + i,
        takenAt: 2_000 + i,
        expiry: 0,
        show: true,
      },
      ...change,
    };
    previous = mh;
    return message;
  });
}
