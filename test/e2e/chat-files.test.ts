// Files and images in a chat, as people at two terminals send, see and save them.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { pngFile } from '../../clients/terminal/images/image-files.fixture.ts';
import { describeInTerminal, expectScreen } from './chat.fixture.ts';
import { chatWorld } from './chat-world.ts';
import { SEVERAL_COMMANDS_MS } from './terminal-world.ts';

describeInTerminal('files in a chat', () => {
  const { world, chat, conversation, shown } = chatWorld();

  async function file(name: string, bytes: Uint8Array): Promise<string> {
    const path = world.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    return path;
  }

  it(
    'are sent, seen as an image before they are fetched, and saved where it is said, under a name of their own',
    async () => {
      const { al, bo, als, bos } = await conversation();
      const bytes = pngFile(320, 160);
      const path = await file('sent/my cat.png', bytes);
      await als.say(`/sendimg ${path}`);
      await als.sees('delivered to');
      await bos.sees(/\(file my cat\.png, [\s\S]*▀▀▀/);
      await als.sees(/▀[\s\S]*delivered/);
      await expectScreen('image-sent', async () => shown(await als.screen(), al, bo));
      const folder = world.path('saved');
      await mkdir(folder);
      await bos.say(`/save ${folder}`);
      await bos.sees(/Saved: .*my cat\.png\.[\s\S]*▀/);
      await bos.say(`/save my ${folder}`);
      // What is not whole yet is hidden.
      const saved = async () => (await readdir(folder)).filter((name) => !name.startsWith('.'));
      await expect.poll(saved).toHaveLength(2);
      const names = await saved();
      for (const name of names) {
        expect(await readFile(`${folder}/${name}`)).toEqual(bytes);
        expect((await stat(`${folder}/${name}`)).mode & 0o111).toBe(0);
      }
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'that cannot be sent or saved are told of in a sentence, and nothing is sent',
    async () => {
      const { als } = await conversation();
      const text = await file('notes.txt', Buffer.from('no image\n'));
      await als.say('/save');
      await als.sees('There is no file in this conversation.');
      await als.say('/sendfile');
      await als.sees('Usage: /sendfile PATH');
      await als.say(`/sendfile ${text}.none`);
      await als.sees(/there is no such\s+file/);
      await als.say(`/sendfile ${dirname(text)}`);
      await als.sees(/it is a\s+folder/);
      await als.say(`/sendimg ${text}`);
      await als.sees(/no PNG, JPEG, GIF or\s+WebP\s+image\.\s+\/sendfile\s+sends/);
      await als.say('/stop');
      await als.sees('No file is on its way.');
      await als.say('/close');
      await als.sees('is closed');
      await als.say(`/sendfile ${text}`);
      await als.sees('No conversation is open');
    },
    SEVERAL_COMMANDS_MS,
  );

  it(
    'go on beside what is typed, and, when the chat ends, where they were with the same command',
    async () => {
      const { al, bo, als, bos } = await conversation();
      const bytes = randomBytes(64 * 1024 * 1024);
      const path = await file('long.bin', bytes);
      await als.say(`/sendfile ${path}`);
      // A fast machine may be done before anybody looks.
      await als.sees(/sending long\.bin: .*\n\S+>|\(file long\.bin/);
      await als.say('Typed meanwhile.');
      await bos.sees('Typed meanwhile.');
      await als.say('/exit');
      const left = await als.sees(/status 0/);
      if (!left.includes('(file long.bin')) expect(left).toMatch(/long\.bin (?:was stopped|has not begun)/);
      const again = await chat(al);
      await again.say(`/open ${bo.name}`);
      await again.say(`/sendfile ${path}`);
      await bos.sees('(file long.bin, 67 MB)');
    },
    SEVERAL_COMMANDS_MS,
  );
});
