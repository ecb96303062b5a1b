import { describe, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/base64.ts';
import { encodeHeader, ZERO_HASH } from '#protocol/envelope.ts';
import { RETENTION_DEFAULT_MS } from '#protocol/limits.ts';
import { random64, WirePerson } from '../../test/wire-person.fixture.ts';
import { checkSend, conversationText } from './send.ts';

const al = new WirePerson('al@localhost');
const bo = new WirePerson('bo@localhost');
const sender = {
  address: al.address,
  device: al.device.name,
  conversationWith: (other: string) => conversationText(al.address, other),
};
const check = (fields: object) =>
  checkSend({ type: 'send', id: 1, ...al.message(bo, { seq: 7 }), ...fields }, sender, 1_000);
const slot = (to: string, device = random64(32)) => ({ to, device, slot: random64(80) });

describe('a send', () => {
  test('goes to the mailboxes that its slots name, the recipient’s first, with the slots of each alone', () => {
    const slots = [slot(al.address), slot(bo.address), slot(bo.address)];
    const { message, mailboxes } = check({ slots });
    expect(message).toMatchObject({ from: al.address, device: al.device.name, seq: 7, receivedAt: 1_000 });
    expect(mailboxes.map(({ address }) => address)).toEqual([bo.address, al.address]);
    expect(mailboxes.map((mailbox) => Object.keys(mailbox.slots))).toEqual([
      [slots[1]?.device, slots[2]?.device],
      [slots[0]?.device],
    ]);
  });

  test('expires after its retention, or the longest there is', () => {
    expect(check({}).message.expiresAt).toBe(1_000 + RETENTION_DEFAULT_MS);
    expect(check({ retention: 60_000 }).message.expiresAt).toBe(61_000);
  });

  test('may be to oneself', () => {
    const accepted = checkSend(
      { type: 'send', id: 1, ...al.message(al, { seq: 1 }), slots: [slot(al.address)] },
      sender,
      0,
    );
    expect(accepted.mailboxes.map(({ address }) => address)).toEqual([al.address]);
  });

  const group = encodeHeader({
    conversation: { kind: 'group', group: new Uint8Array(32) },
    epoch: 1,
    head: new Uint8Array(32).fill(1),
    id: new Uint8Array(16),
    sender: al.address,
    device: al.device.id,
    seq: 1,
  });
  const refused: [string, object, string][] = [
    ['a header that is none', { header: encodeBase64(new Uint8Array(40)) }, 'bad_envelope'],
    ['a header with bytes left over', { header: encodeBase64(new Uint8Array([...group, 0])) }, 'bad_envelope'],
    ['a group message', { header: encodeBase64(group) }, 'bad_request'],
    ['the header of another sender', al.message(bo, { sender: bo.address, seq: 1 }), 'bad_envelope'],
    ['the header of another device', al.message(bo, { device: ZERO_HASH, seq: 1 }), 'bad_envelope'],
    [
      'somebody else’s conversation',
      bo.message(new WirePerson('cy@localhost'), { sender: al.address, device: al.device.id, seq: 1 }),
      'bad_envelope',
    ],
    ['a slot for a stranger', { slots: [slot('cy@localhost')] }, 'bad_envelope'],
    ['a slot for the sending device', { slots: [slot(al.address, al.device.name)] }, 'bad_envelope'],
    [
      'two slots for one device',
      { slots: [slot(bo.address, bo.device.name), slot(bo.address, bo.device.name)] },
      'bad_envelope',
    ],
    ['a recipient elsewhere', al.message(new WirePerson('bo@elsewhere'), { seq: 1 }), 'remote_domain'],
    ['a domain that ends alike', al.message(new WirePerson('bo@not.localhost'), { seq: 1 }), 'remote_domain'],
  ];
  test.each(refused)('is refused with %s', (_, fields, code) => {
    expect(() => check(fields)).toThrow(expect.objectContaining({ code }));
  });
});
