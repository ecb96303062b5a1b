import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';

test('every metric of Parley has help, every counter ends in _total, times are in seconds', async () => {
  const metrics = new Metrics();
  metrics.request('send', 'ok');
  metrics.turn('mailbox', 3, 0.002);
  metrics.gauge('parley_connections', 'Open connections', () => 7);
  const text = await metrics.text();
  const types = [...text.matchAll(/^# TYPE (parley_\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
  expect(types.map(({ name }) => name).sort()).toEqual([
    'parley_closes_total',
    'parley_connections',
    'parley_items_pushed_total',
    'parley_requests_total',
    'parley_turn_commands_total',
    'parley_turn_seconds',
  ]);
  for (const { name, type } of types) {
    expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect([name, name.endsWith('_seconds')]).toEqual([name, type === 'histogram']);
  }
  expect(text).toMatch(/^parley_requests_total\{type="send",outcome="ok"\} 1$/m);
  expect(text).toMatch(/^parley_turn_commands_total\{kind="mailbox"\} 3$/m);
  expect(text).toMatch(/^parley_connections 7$/m);
});
