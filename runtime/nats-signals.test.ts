import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'nats';
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SIGNAL_ADDRESSES_MAX, type Signal } from '#protocol/commands.ts';
import { openCut } from '../test/cut.fixture.ts';
import { PATIENTLY } from '../test/patience.fixture.ts';
import { describeOn, freshName } from '../test/services.fixture.ts';
import { ConfigError } from './config.ts';
import { NatsSignals } from './nats-signals.ts';
import { signalsContract } from './signals.contract.ts';
import type { Signals } from './signals.ts';

const log = pino({ level: 'silent' });
const signal: Signal = { type: 'revoked', address: 'al@localhost', device: 'a1', deleted: false };

/** Records what it hears; `until` resolves when it has heard so many. */
class Listener {
  readonly heard: Signal[] = [];

  constructor(signals: Signals) {
    signals.onSignal((one) => this.heard.push(one));
  }

  async until(count: number): Promise<readonly Signal[]> {
    await vi.waitUntil(() => this.heard.length >= count, PATIENTLY);
    return this.heard;
  }
}

async function open(url: string, domain = freshName('test')): Promise<NatsSignals> {
  const signals = await NatsSignals.open({ url, domain, log });
  onTestFinished(() => signals.close());
  return signals;
}

/** One that NATS has: on a busy machine the first try may be given up, and others follow in the background. */
async function openReady(url: string, domain: string): Promise<NatsSignals> {
  const signals = await open(url, domain);
  await vi.waitUntil(() => signals.ready, PATIENTLY);
  return signals;
}

describeOn('NATS', 'on NATS', (url) => {
  signalsContract('over NATS', async () => {
    const domain = freshName('test.');
    const instances = await Promise.all([1, 2, 3].map(() => NatsSignals.open({ url, domain, log })));
    await vi.waitUntil(() => instances.every(({ ready }) => ready), PATIENTLY);
    const everybody = (what: (one: NatsSignals) => Promise<void>) => Promise.all(instances.map(what));
    return {
      instances: instances as [NatsSignals, ...NatsSignals[]], // three
      async settled() {
        await everybody((one) => one.flush()); // everything is with NATS
        await everybody((one) => one.flush()); // and has come back from it
      },
      dispose: async () => void (await everybody((one) => one.close())),
    };
  });

  test('a payload that is no signal is counted and heard by nobody', async () => {
    const domain = freshName('test');
    const signals = await openReady(url, domain);
    const listener = new Listener(signals);
    const connection = await connect({ servers: new URL(url).host });
    onTestFinished(() => connection.close());
    const payloads = ['', 'no JSON', '{}', '{"type":"revoked"}', '[]', JSON.stringify({ ...signal, more: 1 })];
    const subject = `parley.signals.${domain}`;
    for (const payload of payloads) connection.publish(subject, payload);
    connection.publish(subject, Uint8Array.of(0xff, 0xfe));
    connection.publish(subject, JSON.stringify({ ...signal, device: 'x'.repeat(100_000) }));
    const crowd = Array.from({ length: SIGNAL_ADDRESSES_MAX + 1 }, () => 'al@localhost');
    connection.publish(subject, JSON.stringify({ type: 'presence.ask', gateway: 'g', addresses: crowd }));
    connection.publish(subject, JSON.stringify({ type: 'presence.ask', gateway: 'g', addresses: crowd, here: [] }));
    connection.publish(subject, JSON.stringify(signal));
    expect(await listener.until(1)).toEqual([signal]);
    expect(signals.malformed).toBe(10);
  });

  test('deployments of other domains do not hear each other', async () => {
    const [domain, another] = [freshName('test'), freshName('test')];
    const [one, other] = [await openReady(url, domain), await openReady(url, another)];
    const again = await openReady(url, domain);
    const [deaf, listener] = [new Listener(other), new Listener(again)];
    one.send(signal);
    await listener.until(1);
    expect(deaf.heard).toEqual([]);
  });

  test('while NATS is away an instance hears itself, sends without an error, and drops what others would hear', async () => {
    const domain = freshName('test');
    const network = await openCut(url);
    onTestFinished(() => network.close());
    const signals = await openReady(network.url, domain);
    const others = new Listener(await openReady(url, domain));
    const own = new Listener(signals);
    await network.cut();
    await vi.waitUntil(() => !signals.ready, PATIENTLY);
    signals.send(signal);
    expect(own.heard).toEqual([signal]);
    expect(signals.dropped).toBe(1);
    await network.mend();
    await vi.waitUntil(() => signals.ready, PATIENTLY);
    signals.send({ ...signal, device: 'a2' });
    expect(await others.until(1)).toEqual([{ ...signal, device: 'a2' }]);
  });

  test('a server that is frozen is given up, and found again', async () => {
    const domain = freshName('test');
    const network = await openCut(url);
    onTestFinished(() => network.close());
    const signals = await openReady(network.url, domain);
    const others = new Listener(await openReady(url, domain));
    network.freeze();
    await vi.waitUntil(() => !signals.ready, PATIENTLY);
    await network.mend();
    await vi.waitUntil(() => signals.ready, PATIENTLY);
    signals.send(signal);
    expect(await others.until(1)).toEqual([signal]);
  });

  test('NATS that is away at the start is waited for in the background', async () => {
    const network = await openCut(url);
    onTestFinished(() => network.close());
    await network.cut();
    const signals = await open(network.url);
    expect(signals.ready).toBe(false);
    signals.send(signal);
    await network.mend();
    await vi.waitUntil(() => signals.ready, PATIENTLY);
  });
});

test.each([
  'nonsense',
  'http://127.0.0.1:4222',
  'nats://',
  'nats://host:99999',
  'nats://name:se/cret@host:4222',
  'nats://na%me:secret@host',
  'nats://host/path',
  '',
])('the URL %j is refused with a sentence that does not quote it', async (url) => {
  const opened = NatsSignals.open({ url, domain: 'example.org', log });
  await expect(opened).rejects.toBeInstanceOf(ConfigError);
  await expect(opened).rejects.toThrow('The setting natsUrl is not a NATS URL.');
  await expect(opened).rejects.not.toThrow('secret');
});

test('refused credentials stop the start with a sentence', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('INFO {"server_id":"x","version":"2.10.0","proto":1,"max_payload":1048576,"auth_required":true}\r\n');
    socket.once('data', () => socket.end("-ERR 'Authorization Violation'\r\n"));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // it listens on a port
  const opened = NatsSignals.open({ url: `nats://name:secret@127.0.0.1:${port}`, domain: 'example.org', log });
  await expect(opened).rejects.toBeInstanceOf(ConfigError);
  await expect(opened).rejects.toThrow('NATS refuses the name and password of the setting natsUrl');
});
