// Which turns run, and when.
import { setImmediate as tick } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { numbersOf, Stage, settledOf } from './host.fixture.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.host.stop());

describe('the host of actors', () => {
  test('gives a turn all that waits, in order, and the rest a turn after it', async () => {
    stage.host.deliver([stage.delivery(1), stage.delivery(2)]);
    stage.host.told(stage.delivery(3).to);
    await stage.journal.until('settled 2');
    expect(stage.journal.lines[0]).toBe('turn al 1 2 3');
    stage.host.deliver(Array.from({ length: 300 }, (_, i) => stage.delivery(i)));
    await stage.journal.until('settled 299');
    expect(
      stage.journal.lines.filter((line) => line.startsWith('turn')).map((line) => line.split(' ').length - 2),
    ).toEqual([3, 256, 44]);
  });

  test('turns of one actor never overlap; those of different actors do', async () => {
    let open = () => {};
    stage.gate = new Promise((resolve) => {
      open = resolve;
    });
    stage.decide = (batch, { key }) => ({ writes: [`wrote ${key} ${numbersOf(batch)}`], settled: settledOf(batch) });
    stage.host.deliver([stage.delivery(1, 'al'), stage.delivery(2, 'bo')]);
    await stage.journal.until('turn bo 2');
    stage.host.deliver([stage.delivery(3, 'al')]);
    await tick();
    expect(stage.journal.lines).toEqual(['turn al 1', 'turn bo 2']);
    open();
    await stage.journal.until('settled 3');
    expect(stage.journal.lines.indexOf('turn al 3')).toBeGreaterThan(stage.journal.lines.indexOf('settled 1'));
  });

  test('where a thousand are ready, a part of them is given its turns on each tick, in order; other work comes in between', async () => {
    const keys = Array.from({ length: 100 }, (_, index) => `user${index}`);
    stage.host.deliver(keys.map((key, index) => stage.delivery(index, key)));
    const turned = () => stage.journal.lines.flatMap((line) => (line.startsWith('turn') ? [line.split(' ')[1]] : []));
    await tick();
    expect(turned()).toEqual(keys.slice(0, 64));
    await tick();
    expect(turned()).toEqual(keys);
  });

  test('wakes an actor at the time that it asked for, unless a later plan says otherwise', async () => {
    stage.decide = (batch) => (numbersOf(batch).includes(1) ? { wakeAt: stage.now + 1_000 } : {});
    stage.host.deliver([stage.delivery(1, 'al'), stage.delivery(1, 'bo')]);
    await stage.journal.until('turn bo 1');
    stage.host.deliver([stage.delivery(2, 'bo')]);
    await stage.journal.until('turn bo 2');
    stage.now += 1_000;
    await stage.journal.until('turn al ');
    expect(stage.journal.lines).not.toContain('turn bo ');
  });

  test('stop waits for the turn that runs and starts no other', async () => {
    let open = () => {};
    stage.gate = new Promise((resolve) => {
      open = resolve;
    });
    stage.decide = (batch) => ({ writes: ['wrote'], settled: settledOf(batch) });
    stage.host.deliver([stage.delivery(1)]);
    await stage.journal.until('turn al 1');
    stage.host.deliver([stage.delivery(2)]);
    const stopped = stage.host.stop().then(() => stage.journal.add('stopped'));
    await tick();
    expect(stage.journal.lines).toEqual(['turn al 1']);
    open();
    await stopped;
    stage.host.deliver([stage.delivery(3, 'bo')]);
    await tick();
    expect(stage.journal.lines).toEqual(['turn al 1', 'wrote', 'settled 1', 'stopped']);
  });

  test('stop does not wait for a store that stays away; what was not settled stays in the queue', async () => {
    stage.away = true;
    stage.decide = (batch) => ({ writes: ['wrote'], settled: settledOf(batch) });
    stage.host.deliver([stage.delivery(1), stage.delivery(2)]);
    await stage.journal.until('away', 2);
    await stage.host.stop();
    expect(stage.journal.lines).toEqual(['turn al 1 2', 'away', 'away', 'away']); // one last try, nothing settled
  });
});
