// Files by the terminal client, as scripts send and save them: to a person and to a group, against a real server.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { SEVERAL_COMMANDS_MS, TerminalWorld } from './terminal-world.ts';

/** More than one part of an upload. */
const SEVERAL_PARTS_BYTES = 9_000_001;
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  async function folder(name: string): Promise<string> {
    const path = world.path(name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** A file of these bytes, and its path. */
  async function file(name: string, bytes: Uint8Array | string): Promise<string> {
    const path = join(await folder('to send'), name);
    await writeFile(path, bytes);
    return path;
  }

  describe('a file', () => {
    it(
      'goes to a person and to a group by one command, and is saved whole, in its place among the messages',
      async () => {
        const { al, bo, cy } = await world.three();
        const team = world.group('files');
        await al.run(['group', 'create', team]);
        await al.run(['group', 'add', team, cy.name]);
        const bytes = randomBytes(SEVERAL_PARTS_BYTES);
        const path = await file('holiday.bin', bytes);
        await al.run(['send', bo.name, 'before']);
        expect(await al.run(['send', `${bo.name},#${team}`, '--file', path])).toMatchObject({
          ...{ status: 0, stdout: '2 accepted.' },
        });
        await al.run(['send', bo.name, 'after']);
        const saveTo = await folder(`of ${bo.name}`);
        const bos = await bo.run(['listen', '--json', '--count', '3', '--save-to', saveTo]);
        const [before, message, after] = bos.records.filter(({ type }) => type === 'message');
        expect([before?.text, after?.text]).toEqual(['before', 'after']);
        const saved = join(saveTo, 'holiday.bin');
        const described = { name: 'holiday.bin', size: SEVERAL_PARTS_BYTES, type: 'application/octet-stream' };
        expect(message).toMatchObject({ from: al.address, file: { ...described, path: saved } });
        expect((await readFile(saved)).equals(bytes)).toBe(true);
        expect((await stat(saved)).mode & 0o777).toBe(0o600);
        const cys = await cy.run(['listen', '--count', '1', '--save-to', await folder(`of ${cy.name}`)]);
        expect(cys.stdout).toContain(`(file holiday.bin, 9.0 MB: ${world.path(`of ${cy.name}`)}/holiday.bin)`);
        expect((await readFile(join(world.path(`of ${cy.name}`), 'holiday.bin'))).equals(bytes)).toBe(true);
        const history = await bo.run(['history', al.name]);
        expect(history.stdout).toContain('(file holiday.bin, 9.0 MB)');
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'of any name stays in the folder, replaces nothing, and is told to be what it is',
      async () => {
        const { al, bo } = await world.two();
        const saveTo = await folder(`of ${bo.name}`);
        await writeFile(join(saveTo, 'CON'), 'mine');
        const sent = ['.bashrc', 'CON', '\u202egnp.exe', '\u001b[2J.txt', '-rf', 'empty'];
        for (const name of sent) {
          const path = await file(name, name === 'empty' ? '' : PNG);
          expect(await al.run(['send', bo.name, '--file', path])).toMatchObject({ status: 0 });
        }
        const listened = await bo.run(['listen', '--json', '--count', String(sent.length), '--save-to', saveTo]);
        const files = listened.records.flatMap(({ file }) => (file === undefined ? [] : [file as { path: string }]));
        expect(files.map(({ path }) => path.slice(saveTo.length + 1))).toEqual(
          expect.arrayContaining(['bashrc', '_CON', 'gnp.exe', 'rf', 'empty']),
        );
        expect(files[0]).toMatchObject({ name: '.bashrc', type: 'image/png', width: 1, height: 1 });
        expect(listened.stdout).not.toContain('\u001b');
        expect(await readFile(join(saveTo, 'CON'), 'utf8')).toBe('mine');
        expect((await readdir(saveTo)).filter((name) => name.startsWith('.'))).toEqual([]);
      },
      SEVERAL_COMMANDS_MS,
    );
  });

  describe('what cannot be', () => {
    it(
      'sent or saved is refused with a sentence before anything is done',
      async () => {
        const { al, bo } = await world.two();
        const path = await file('a.txt', 'a');
        const refusals: [string[], number, RegExp][] = [
          [
            ['send', bo.name, '--file', world.path('none')],
            1,
            /cannot be sent: there is no such file\. Look at the path/,
          ],
          [['send', bo.name, '--file', world.path('to send')], 1, /it is a folder\. Give a file/],
          [['send', bo.name, 'text', '--file', path], 2, /--file is a message of its own/],
          [['send', bo.name, '--file', '-'], 2, /standard input has none/],
          [['send', bo.name], 2, /give a text, or --file F/],
          [['send', 'nobody', '--file', path], 1, /nobody@localhost/],
          [['listen', '--save-to', world.path('none')], 1, /there is no such folder\. Make it first/],
          [['listen', '--save-to', path], 1, /it is no folder\. Choose another/],
        ];
        for (const [command, status, sentence] of refusals) {
          const refused = await al.run(command);
          expect([refused.status, refused.stdout]).toEqual([status, '']);
          expect(refused.stderr).toMatch(sentence);
        }
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
