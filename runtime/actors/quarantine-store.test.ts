import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Addressed } from '#protocol/commands.ts';
import { openDatabase } from '../store/sqlite.ts';
import { type KeptCommand, quarantineContract } from './quarantine.contract.ts';
import { QUARANTINE_MAX_COMMANDS, quarantineSchema, SqliteQuarantine } from './quarantine-store.ts';

quarantineContract('the quarantine on SQLite', async (now) => {
  const database = await openDatabase({ file: ':memory:', schema: quarantineSchema });
  return {
    another: async () => new SqliteQuarantine(database, now, pino({ level: 'silent' })),
    async kept() {
      const rows = await database.read({ sql: 'SELECT at, kind, key, command, reason FROM quarantine', params: [] });
      return rows as readonly KeptCommand[]; // the columns named above
    },
    close: () => database.close(),
  };
});

test('the quarantine keeps the newest commands up to its bound, with when and why, and says so when the oldest go', async () => {
  const database = await openDatabase({ file: ':memory:', schema: quarantineSchema });
  const logged: string[] = [];
  let now = 0;
  const quarantine = new SqliteQuarantine(
    database,
    () => ++now,
    pino({}, { write: (line) => logged.push(JSON.parse(line).msg) }),
  );
  const command = (length: number): Addressed => ({
    kind: 'mailbox',
    key: 'al@localhost',
    command: { type: 'account', length, devices: [], deleted: false },
  });
  const count = QUARANTINE_MAX_COMMANDS + 2;
  for (let n = 1; n <= count; n += 1) await quarantine.keep(command(n), `TypeError: ${n}`);
  const sql = 'SELECT at, kind, key, command, reason FROM quarantine ORDER BY id';
  const rows = await database.read({ sql, params: [] });
  expect(rows).toHaveLength(QUARANTINE_MAX_COMMANDS);
  expect(rows[0]).toMatchObject({ at: 3, reason: 'TypeError: 3' });
  expect(rows.at(-1)).toEqual({
    at: count,
    kind: 'mailbox',
    key: 'al@localhost',
    command: JSON.stringify(command(count).command),
    reason: `TypeError: ${count}`,
  });
  expect(logged).toEqual(Array.from({ length: 2 }, () => 'the quarantine is full: its oldest went'));
  await database.close();
});
