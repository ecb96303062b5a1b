// Errors that should not happen: each leaves its stack in the log, ends at most its own connection, and is never on the wire.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CLOSE } from '#protocol/close-codes.ts';
import { Unavailable } from '#protocol/errors.ts';
import { WirePerson } from '../../test/wire-person.fixture.ts';
import { Gateway } from './gateway.fixture.ts';

let gateway: Gateway;
beforeEach(async () => {
  gateway = await Gateway.start();
});
afterEach(() => gateway.stop());

const al = new WirePerson('al@localhost');
const bo = new WirePerson('bo@localhost');
const boom = new Error('boom');

/** The log has this many lines, each with the stack. */
function expectStacks(count: number): void {
  expect(gateway.logged).toHaveLength(count);
  for (const line of gateway.logged) {
    expect(JSON.parse(line)).toMatchObject({
      err: { message: 'boom', stack: expect.stringContaining('faults.test.ts') },
    });
  }
}

test('a request that cannot be passed on is answered `unavailable`', async () => {
  const wire = await gateway.session(al);
  gateway.bus.failure = boom;
  const send = await wire.request({ type: 'send', ...al.message(bo) });
  expect(send).toMatchObject({ type: 'error', code: 'unavailable', retry: true });
  expect(JSON.stringify(send)).not.toContain('boom');
  gateway.bus.failure = undefined;
  gateway.bus.fault = boom;
  const look = await wire.request({ type: 'log.get', address: bo.address, after: 0 });
  expect(look).toMatchObject({ code: 'unavailable' });
  expectStacks(2);
});

test('a frame that cannot be handled ends its connection, and no other', async () => {
  const other = await gateway.session(bo);
  const wire = await gateway.session(al, true);
  gateway.bus.fault = boom;
  wire.send({ type: 'ack', upTo: 1, tags: [] });
  expect(await wire.closed).toEqual(CLOSE.failed);
  expect(await other.request({ type: 'ping' })).toMatchObject({ type: 'ok' });
  expectStacks(1);
  gateway.bus.fault = undefined;
});

test('a session that cannot attach is closed; what may happen, such as a bus that is away, leaves no stack', async () => {
  for (const [failure, stacks] of [
    [new Unavailable('gone'), 0],
    [boom, 1],
  ] as const) {
    gateway.bus.failure = failure;
    const wire = await gateway.session(al, true);
    expect(await wire.closed).toEqual(CLOSE.failed);
    expectStacks(stacks);
  }
});
