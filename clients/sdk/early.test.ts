import { beforeEach, describe, expect, it } from 'vitest';
import { clientFrame } from '#protocol/frames/client.ts';
import { HOUR_MS } from '#protocol/limits.ts';
import { Client } from './client.ts';
import type { Platform } from './platform.ts';
import { AL, atDouble, BO } from './test/at-double.ts';
import { PASSWORD, type People, Person } from './test/people.ts';
import type { ServerDouble } from './test/server-double.ts';

let server: ServerDouble;
let people: People;

beforeEach(async () => {
  ({ server, people } = await atDouble());
});

const unread = async ({ client }: Person) => (await client.history.conversation(AL))?.unread;

/** A platform whose clock is an hour slow, and whose messages leave this device out. */
function withholding(platform: Platform, device: string): Platform {
  const { clock, transport } = platform;
  return {
    ...platform,
    clock: { now: () => clock.now() - HOUR_MS, monotonic: () => clock.monotonic() },
    transport: {
      connect(url, events) {
        const wire = transport.connect(url, events);
        return {
          send(text) {
            const frame = clientFrame.parse(JSON.parse(text));
            if (frame.type !== 'send') return wire.send(text);
            wire.send(JSON.stringify({ ...frame, slots: frame.slots.filter((slot) => slot.device !== device) }));
          },
          close: (code, reason) => wire.close(code, reason),
          terminate: () => wire.terminate(),
        };
      },
    },
  };
}

describe('what says that it was written before this device was enrolled', () => {
  it('is not unread where its sender did not know this device: an earlier one has it', async () => {
    const al = await people.signUp('al');
    const bo = await people.signUp('bo');
    await Promise.all([al.online(), bo.online()]);
    await al.say(BO, 'before the second device');
    await bo.until(({ texts }) => texts.length === 1);
    const second = await people.logIn('bo');
    await second.online();
    await al.say(BO, 'after it');
    await second.until(({ texts }) => texts.length === 2);
    expect(await unread(second)).toEqual({ [AL]: 1 });
  });

  it('is unread where its sender knew this device: only his clock says that it is that old', async () => {
    const bo = await people.signUp('bo');
    await bo.online();
    const second = await people.logIn('bo');
    await second.online();
    const platform = withholding(await people.platform(), bo.client.account.device);
    const credentials = { address: AL, password: PASSWORD, servers: [server.url] };
    const al = new Person(await Client.signUp(platform, credentials), platform);
    people.keep(al);
    await al.online();
    await al.client.send([BO], ['I cancel the contract']);
    await second.until(({ texts }) => texts.length === 1);
    expect(bo.texts).toEqual([]);
    expect(await unread(second)).toEqual({ [AL]: 1 });
  });
});
