// What a session's frames cost it that are none of the protocol.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import type { Wire } from '../../test/wire.fixture.ts';
import { WirePerson } from '../../test/wire-person.fixture.ts';
import { Gateway } from './gateway.fixture.ts';

/** As the table of rates has it, a minute. */
const REFUSED_FRAMES_MAX = 120;

let gateway: Gateway;
const al = new WirePerson('al@localhost');
const bo = new WirePerson('bo@localhost');

beforeEach(async () => {
  gateway = await Gateway.start();
});
afterEach(() => gateway.stop());

function sendNonsense(wire: Wire, count: number): number[] {
  return Array.from({ length: count }, () => {
    const id = wire.nextId();
    wire.send({ type: 'nonsense', id });
    return id;
  });
}

test('a device may say so much nonsense a minute; with more its connection is closed, and so is its next', async () => {
  const wire = await gateway.session(al);
  for (const id of sendNonsense(wire, REFUSED_FRAMES_MAX)) {
    expect(await wire.answer(id)).toMatchObject({ code: 'bad_request' });
  }
  await wire.ok({ type: 'ping' });
  sendNonsense(wire, 1);
  expect(await wire.closed).toEqual(CLOSE.protocolError);
  const again = await gateway.session(al);
  const other = await gateway.session(bo);
  sendNonsense(again, 1);
  expect(await again.closed).toEqual(CLOSE.protocolError);
  const [id = 0] = sendNonsense(other, 1);
  expect(await other.answer(id)).toMatchObject({ code: 'bad_request' });
  await other.ok({ type: 'ping' });
});
