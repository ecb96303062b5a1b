import { describe, expect, test } from 'vitest';
import { Metrics } from './metrics.ts';

/** The samples of Parley's metrics, without buckets. */
async function samplesOf(metrics: Metrics): Promise<Record<string, number>> {
  const lines = (await metrics.text()).matchAll(/^(parley_[^ ]+) (\S+)$/gm);
  const samples = [...lines].map(([, name = '', value]) => [name, Number(value)] as const);
  return Object.fromEntries(samples.filter(([name]) => !name.includes('_bucket') && !name.includes('build_info')));
}

describe('the metrics of a process', () => {
  test('say what runs, and that it is neither ready nor told to end', async () => {
    const metrics = new Metrics();
    expect(await samplesOf(metrics)).toEqual({ parley_ready: 0, parley_draining: 0 });
    expect(await metrics.text()).toMatch(/^parley_build_info\{version="\d+\.\d+\.\d+",node="v\d+[^"]*"\} 1$/m);
  });

  test('begin with 0 where a kind of actors runs, so that the first failure is an increase', async () => {
    const metrics = new Metrics();
    metrics.runs('mailbox', { active: 2, owned: [0, 5, 7] });
    expect(await samplesOf(metrics)).toMatchObject({
      'parley_turn_seconds_count{kind="mailbox"}': 0,
      'parley_turn_commands_total{kind="mailbox"}': 0,
      'parley_turn_retries_total{kind="mailbox"}': 0,
      'parley_commands_quarantined_total{kind="mailbox"}': 0,
      'parley_actors{kind="mailbox"}': 2,
      'parley_partitions_owned{kind="mailbox"}': 3,
    });
  });

  test('count turns, what they took and how they failed, by kind', async () => {
    const metrics = new Metrics();
    metrics.turn('mailbox', 3, 0.002);
    metrics.turn('group', 1, 0.5);
    metrics.repeated('group');
    metrics.quarantined('group');
    expect(await samplesOf(metrics)).toMatchObject({
      'parley_turn_seconds_count{kind="mailbox"}': 1,
      'parley_turn_seconds_sum{kind="group"}': 0.5,
      'parley_turn_commands_total{kind="mailbox"}': 3,
      'parley_turn_retries_total{kind="group"}': 1,
      'parley_commands_quarantined_total{kind="group"}': 1,
    });
  });

  test('say ready when every part of the process is, and when it drains', async () => {
    const metrics = new Metrics();
    let ready = false;
    metrics.readyIf(() => true);
    metrics.readyIf(() => ready);
    expect(await samplesOf(metrics)).toMatchObject({ parley_ready: 0 });
    ready = true;
    metrics.drains();
    expect(await samplesOf(metrics)).toMatchObject({ parley_ready: 1, parley_draining: 1 });
  });

  test('leave out a value that is not known, and take it up once it is', async () => {
    const metrics = new Metrics();
    let value: number | undefined;
    metrics.gauge('parley_backlog_items', 'Items', () => value);
    expect(await samplesOf(metrics)).not.toHaveProperty('parley_backlog_items');
    value = 0;
    expect(await samplesOf(metrics)).toHaveProperty('parley_backlog_items', 0);
    value = undefined;
    expect(await samplesOf(metrics)).not.toHaveProperty('parley_backlog_items');
  });
});
