import { describe, expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from '#protocol/base64.ts';
import { encodeHeader, messageHash, ZERO_HASH } from '#protocol/envelope.ts';
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
function direct(accepted: ReturnType<typeof checkSend>) {
  if ('name' in accepted) throw new Error('it went to a group');
  return accepted;
}
const check = (fields: object) =>
  direct(checkSend({ type: 'send', id: 1, ...al.message(bo, { seq: 7 }), ...fields }, sender, 1_000));
const headerOfGroup = {
  conversation: { kind: 'group', group: new Uint8Array(32).fill(9) },
  epoch: 5,
  head: new Uint8Array(32).fill(1),
  id: new Uint8Array(16),
  sender: al.address,
  device: al.device.id,
  seq: 3,
} as const;
const groupBody = random64(400);
const toGroup = () => ({
  header: encodeBase64(encodeHeader(headerOfGroup)),
  body: groupBody,
  slots: [slot(bo.address)],
});
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
    const toSelf = { type: 'send' as const, id: 1, ...al.message(al, { seq: 1 }), slots: [slot(al.address)] };
    const accepted = direct(checkSend(toSelf, sender, 0));
    expect(accepted.mailboxes.map(({ address }) => address)).toEqual([al.address]);
  });

  const refused: [string, object, string][] = [
    ['a header that is none', { header: encodeBase64(new Uint8Array(40)) }, 'bad_envelope'],
    [
      'a header with bytes left over',
      { header: encodeBase64(new Uint8Array([...decodeBase64(toGroup().header), 0])) },
      'bad_envelope',
    ],
    ['the name of a group', { group: 'team@localhost' }, 'bad_envelope'],
    [
      'more slots than two accounts have devices',
      { slots: Array.from({ length: 129 }, () => slot(bo.address)) },
      'bad_envelope',
    ],
    ['no slot', { slots: [] }, 'bad_envelope'],
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

describe('a send to a group', () => {
  const checkGroup = (fields: object) =>
    checkSend({ type: 'send', id: 1, ...toGroup(), group: 'team@localhost', ...fields }, sender, 1_000);

  test('is one message for its actor: with its epoch, its mh, and its slots by address', () => {
    const own = random64(32);
    const accepted = checkGroup({
      slots: [slot(bo.address), slot(bo.address), slot(al.address, own)],
      retention: 60_000,
    });
    const { header, body } = toGroup();
    expect(accepted).toMatchObject({
      name: 'team@localhost',
      message: {
        ...{ from: al.address, device: al.device.name, seq: 3, epoch: 5, header, body },
        ...{ receivedAt: 1_000, expiresAt: 61_000 },
        head: encodeBase64(new Uint8Array(32).fill(1)),
        group: encodeBase64(new Uint8Array(32).fill(9)),
        conversation: encodeBase64(new Uint8Array(32).fill(9)),
        mh: encodeBase64(messageHash(decodeBase64(header), decodeBase64(body))),
        slots: { [al.address]: { [own]: expect.any(String) } },
      },
    });
    if (!('name' in accepted)) throw new Error('it went to nobody');
    expect(Object.keys(accepted.message.slots[bo.address] ?? {})).toHaveLength(2);
  });

  test('needs no slot: one may be alone in a group', () => {
    expect(checkGroup({ slots: [] })).toMatchObject({ message: { slots: {} } });
  });

  const stranger = encodeHeader({ ...headerOfGroup, sender: bo.address });
  const refused: [string, object, string][] = [
    ['no name', { group: undefined }, 'bad_envelope'],
    ['the name of a group elsewhere', { group: 'team@elsewhere' }, 'remote_domain'],
    ['the header of another sender', { header: encodeBase64(stranger) }, 'bad_envelope'],
    ['a slot for the sending device', { slots: [slot(al.address, al.device.name)] }, 'bad_envelope'],
    [
      'two slots for one device',
      { slots: [slot(bo.address, bo.device.name), slot(bo.address, bo.device.name)] },
      'bad_envelope',
    ],
  ];
  test.each(refused)('is refused with %s', (_, fields, code) => {
    expect(() => checkGroup(fields)).toThrow(expect.objectContaining({ code }));
  });
});
