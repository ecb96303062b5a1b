// What becomes of turns that fail.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MailboxCommand } from '#protocol/commands.ts';
import { RequestError, Unavailable } from '#protocol/errors.ts';
import type { Delivery } from '../bus/bus.ts';
import { Conflict } from '../store/database.ts';
import { length, numbersOf, Stage, settledOf } from './host.fixture.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.host.stop());

describe('a turn that fails', () => {
  test.each([
    ['write', 'wrote'],
    ['publish', 'published 1'],
  ] as const)('repeats a %s in place while something is away, without another turn', async (name, line) => {
    stage.decide = (batch) => ({ writes: ['wrote'], effects: [stage.effect], settled: settledOf(batch) });
    stage.fail[name] = name === 'write' ? new RequestError('no_space') : new Unavailable('away');
    stage.host.deliver([stage.delivery(1)]);
    await stage.journal.until('settled 1');
    expect(stage.journal.lines).toEqual(['turn al 1', 'wrote', 'published 1', 'settled 1']);
    expect(stage.journal.lines).toContain(line);
    expect(stage.loads).toBe(1);
    expect(stage.observed).toEqual({ repeated: 1, quarantined: 0 });
  });

  test('repeats a turn that itself found something away', async () => {
    let tries = 0;
    stage.decide = async (batch) => {
      tries += 1;
      if (tries === 1) throw new Unavailable('away');
      return { settled: settledOf(batch) };
    };
    stage.host.deliver([stage.delivery(1)]);
    await stage.journal.until('settled 1');
    expect(stage.journal.lines.filter((line) => line.startsWith('turn'))).toEqual(['turn al 1', 'turn al 1']);
    expect(stage.journal.lines.some((line) => line.startsWith('quarantined'))).toBe(false);
  });

  test('after a conflict drops the memory, tells those who relied on it, stage.loads again and repeats the turn', async () => {
    stage.decide = (batch, { seen }) => ({
      writes: [`wrote after ${seen}`],
      tells: [stage.tell],
      settled: settledOf(batch),
    });
    stage.host.deliver([stage.delivery(1)]);
    await stage.journal.until('settled 1');
    stage.fail.write = new Conflict('another owner');
    stage.host.deliver([stage.delivery(2)]);
    await stage.journal.until('settled 2');
    expect(stage.journal.lines.slice(4)).toEqual([
      'turn al 2',
      'told reattach',
      'turn al 2',
      'wrote after ',
      'told answer',
      'settled 2',
    ]);
    expect(stage.loads).toBe(2);
  });

  test('gives an actor that was loaded again what the dropped one had held, first and marked', async () => {
    let marks: (readonly [number, boolean])[] = [];
    stage.decide = (batch) => {
      marks = settledOf(batch).map(({ to, redelivered }) => [length(to.command as MailboxCommand), redelivered]); // as above
      const held = numbersOf(batch).join() === '1,2' && stage.loads === 1;
      return held ? {} : { writes: ['wrote'], settled: settledOf(batch) };
    };
    stage.host.deliver([stage.delivery(1), stage.delivery(2)]);
    await stage.journal.until('turn al 1 2');
    stage.fail.write = new Conflict('another owner');
    stage.host.deliver([stage.delivery(3)]);
    await stage.journal.until('settled 3');
    expect(marks).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
    expect(stage.journal.lines.slice(-4)).toEqual(['wrote', 'settled 1', 'settled 2', 'settled 3']);
  });

  test('puts a poisonous command aside, refuses and settles it, and goes on with the others', async () => {
    const re = 7;
    const item = { ...poisonItem };
    const poison: Delivery = {
      to: { kind: 'mailbox', key: 'al', command: { type: 'deliver', item, reply: { inbox: 'there', re } } },
      redelivered: false,
      size: 1,
      settle: () => stage.journal.add('settled poison'),
    };
    stage.decide = (batch) => {
      if (batch.some((one) => 'command' in one && one.command.type === 'deliver')) throw new TypeError('poison');
      return { settled: settledOf(batch) };
    };
    stage.host.deliver([stage.delivery(1), poison, stage.delivery(2)]);
    await stage.journal.until('settled 2');
    expect(stage.journal.lines.filter((line) => !line.startsWith('turn') && line !== 'told reattach')).toEqual([
      'settled 1',
      'quarantined 0 TypeError: poison',
      'told refusal rejected',
      'settled poison',
      'settled 2',
    ]);
    expect(stage.observed).toEqual({ repeated: 0, quarantined: 1 });
    expect(JSON.parse(stage.logged.join())).toMatchObject({
      err: { message: 'poison', stack: expect.stringContaining('turns.test.ts') },
    });
    stage.host.deliver([stage.delivery(3)]);
    await stage.journal.until('settled 3');
  });

  test('what an actor held survives a poisonous command', async () => {
    stage.decide = (batch) => {
      const [n] = numbersOf(batch);
      if (n === 2) throw new TypeError('poison');
      return n === 1 && stage.loads === 1 ? {} : { settled: settledOf(batch) };
    };
    stage.host.deliver([stage.delivery(1)]);
    await stage.journal.until('turn al 1');
    stage.host.deliver([stage.delivery(2)]);
    await stage.journal.until('settled 1');
    expect(stage.journal.lines).toEqual([
      'turn al 1',
      'turn al 2',
      'told reattach',
      'quarantined 2 TypeError: poison',
      'settled 2',
      'turn al 1',
      'settled 1',
    ]);
  });

  test('waits for a quarantine that is away, so that a command neither is lost nor ends the process', async () => {
    stage.fail.quarantine = new Unavailable('away');
    stage.decide = () => {
      throw new TypeError('poison');
    };
    stage.host.deliver([stage.delivery(1)]);
    await stage.journal.until('settled 1');
    expect(stage.journal.lines).toContain('quarantined 1 TypeError: poison');
  });

  test('a command that loses against the fence for ever is put aside in the end', async () => {
    stage.decide = (batch) => {
      if (numbersOf(batch).includes(1)) throw new Conflict('always');
      return { settled: settledOf(batch) };
    };
    stage.host.deliver([stage.delivery(1), stage.delivery(2)]);
    await stage.journal.until('settled 2');
    expect(stage.journal.lines).toContain('quarantined 1 Conflict: always');
  });

  test('repeats a read while the store is away', async () => {
    stage.fail.read = new Unavailable('away');
    stage.decide = (batch) => ({
      settled: settledOf(batch),
      ...('command' in (batch[0] ?? {}) ? { reads: ['read'] } : {}),
    });
    stage.host.deliver([stage.delivery(1)]);
    await stage.journal.until('turn al -1');
  });

  test('a read that fails for good drops the memory: whoever waits for its result is told, what was held comes again', async () => {
    stage.decide = (batch) => (stage.loads === 1 ? { reads: ['read'] } : { settled: settledOf(batch) });
    stage.fail.read = new TypeError('unreadable');
    stage.host.deliver([stage.delivery(1)]);
    await stage.journal.until('settled 1');
    expect(stage.journal.lines).toEqual(['turn al 1', 'told reattach', 'turn al 1', 'settled 1']);
  });
});

const poisonItem = {
  type: 'message',
  id: 'id',
  from: 'bo@localhost',
  device: 'b1',
  conversation: 'c',
  seq: 1,
  header: '',
  body: '',
  slots: {},
  receivedAt: 0,
  expiresAt: 0,
} as const;
