// Who makes a backup of a server's folder is told the name of a copy there, by whoever listens in it.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { BackupDoor, copyFromServer } from './backup-door.ts';
import { openData } from './data-folder.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'parley-door-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test.each(['../outside.db', '/etc/passwd', 'backup-1.db/../../x', 'parley.db', 'backup-1.db\u0000'])(
  'a copy that is said to be %j is taken for none',
  async (copy) => {
    const outer = folder();
    const data = join(outer, 'data');
    mkdirSync(data);
    const server = createServer((socket) => socket.end(`${JSON.stringify({ copy })}\n`));
    await new Promise<void>((resolve) => server.listen(join(data, 'backup.sock'), resolve));
    onTestFinished(() => void server.close());
    await expect(copyFromServer(data)).rejects.toThrow('says nothing that can be used');
    expect(readdirSync(outer)).toEqual(['data']);
  },
);

test('only the user whom the server runs as comes in, whatever the umask was', async () => {
  const data = folder();
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  const { database } = await openData(data, { domain: 'localhost', partitions: 16 }, []);
  const door = new BackupDoor(data, database, pino({ level: 'silent' }));
  await door.open();
  expect(statSync(join(data, 'backup.sock')).mode & 0o777).toBe(0o600);
  const copy = await copyFromServer(data);
  expect(statSync(copy?.file ?? '').mode & 0o777).toBe(0o600);
  copy?.close();
  door.close();
  await database.close();
});
