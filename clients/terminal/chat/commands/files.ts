// Commands of a chat about files: sent and saved beside what is typed, and stopped without losing what was done.
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { FileInfo, FileSource } from '../../../sdk/index.ts';
import { openFileSource } from '../../../sdk/node/file-source.ts';
import { fileTarget, folderAt } from '../../../sdk/node/file-target.ts';
import { contradicts } from '../../../sdk/node/type-by-content.ts';
import { countFrom1 } from '../../arguments.ts';
import { visible } from '../../escape.ts';
import { Ended, EXIT, usageError } from '../../exit.ts';
import { type Decoded, decodeImage } from '../../images/decode.ts';
import { PREVIEW_WITHIN, previewFrom } from '../../images/preview.ts';
import { type ChatCommand, type Chatting, noWords } from '../commands.ts';
import { fileHere, type Wanted } from '../files-here.ts';
import { atHome, shellWords, typedPath } from '../typed-path.ts';

/** Cells of an image that somebody wants to see. */
const IMAGE_MOST = { columns: 76, rows: 24 };
const OPEN_FIRST = 'No conversation is open: /open USER first.';

const sendfile: ChatCommand = {
  name: 'sendfile',
  usage: 'PATH',
  brief: 'sends a file',
  says: 'Sends a file into the open conversation. You go on typing meanwhile; what was cut off goes on where it was, also with the same command later.',
  example: '~/Documents/plan.pdf',
  completes: ['path'],
  run: (chat, rest) => begin(chat, 'sendfile', rest),
};

const sendimg: ChatCommand = {
  name: 'sendimg',
  usage: 'PATH',
  brief: 'sends an image',
  says: 'Sends an image into the open conversation, and shows it. PNG, JPEG, GIF or WebP; the others see a small preview before they fetch it.',
  example: '~/Pictures/cat.png',
  completes: ['path'],
  run: (chat, rest) => begin(chat, 'sendimg', rest),
};

async function begin(chat: Chatting, name: 'sendfile' | 'sendimg', rest: string): Promise<void> {
  if (rest === '') throw usageError('');
  const { open } = chat.talk;
  if (open === undefined) throw new Ended(EXIT.refused, OPEN_FIRST);
  const path = chat.path(typedPath(rest));
  const source = await openFileSource(path);
  try {
    chat.transfers.begin({ doing: 'sending', name: source.name, again: `/${name} ${rest}` }, async (options) => {
      try {
        const image = await lookAt(chat, name, source, { path, signal: options.signal });
        const described = image === undefined ? source : { ...source, image: previewFrom(image) };
        chat.sentFile(await chat.client.sendFile([open], described, options), described);
        if (name === 'sendimg' && image !== undefined) show(chat, image);
      } finally {
        await source.close();
      }
    });
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The image in a file, for its preview and, where it is to be shown, for that. Throws Ended where it must be one and is none. */
async function lookAt(
  { front }: Chatting,
  name: 'sendfile' | 'sendimg',
  source: FileSource,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<Decoded | undefined> {
  if (name === 'sendfile' && !source.type.startsWith('image/')) return undefined;
  const room = name === 'sendimg' ? front.pictureRoom(IMAGE_MOST) : undefined;
  const answer = await decodeImage({ path, within: room ?? PREVIEW_WITHIN }, signal);
  if ('image' in answer) return answer.image;
  if (name === 'sendfile') return undefined;
  throw new Ended(EXIT.refused, `${source.name}: ${answer.reason}. /sendfile sends it as it is.`);
}

const save: ChatCommand = {
  name: 'save',
  usage: '[N|NAME] [DIR]',
  brief: 'saves a file',
  says: 'Saves a file of the open conversation, and shows it if it is an image. The latest, if you do not say which; in Downloads, or where you are, if you do not say where. Nothing is overwritten.',
  example: '2 ~/Pictures',
  async run(chat, rest) {
    const { wanted, folder: given } = savedAs(rest);
    const { client, talk, transfers } = chat;
    if (talk.open === undefined) throw new Ended(EXIT.refused, OPEN_FIRST);
    const file = await fileHere(client.history, talk.open, wanted);
    const folder = await folderAt(given === undefined ? await folderOf(chat) : chat.path(atHome(given)));
    const again = `/save ${rest}`.trimEnd();
    transfers.begin({ doing: 'saving', name: visible(file.name), again }, async (options) => {
      const target = fileTarget(folder, file);
      try {
        const path = await client.fetchFile(file, target, options);
        await sayKept(chat, file, { path, type: await target.type() }, options.signal);
      } finally {
        await target.close();
      }
    });
  },
};

/** What stands behind the command. Throws a usage error. */
function savedAs(rest: string): { readonly wanted: Wanted; readonly folder?: string } {
  const [first, second, ...more] = shellWords(rest) ?? rest.split(/\s+/);
  if (more.length > 0) throw usageError('A name with blanks stands between quotation marks.');
  if (first === undefined) return { wanted: { count: 1 } };
  if (second === undefined && isFolder(first)) return { wanted: { count: 1 }, folder: first };
  const wanted = /^\d{1,4}$/.test(first) ? { count: countFrom1(first) } : { name: first };
  return second === undefined ? { wanted } : { wanted, folder: second };
}

/** A name has no separator: what has one says where to. */
function isFolder(word: string): boolean {
  return isAbsolute(word) || /[/\\]/.test(word) || ['~', '.', '..'].includes(word);
}

async function folderOf({ path }: Chatting): Promise<string> {
  const downloads = join(homedir(), 'Downloads');
  const found = await stat(downloads).catch(() => undefined);
  return found?.isDirectory() === true ? downloads : path('.');
}

async function sayKept(
  chat: Chatting,
  file: FileInfo,
  { path, type }: { readonly path: string; readonly type: string },
  signal: AbortSignal,
): Promise<void> {
  const other = contradicts(file.type, type)
    ? ` By its content it is ${type}, not ${file.type} as its sender says.`
    : '';
  chat.output.say(`  Saved: ${path}.${other}`);
  const room = chat.front.pictureRoom(IMAGE_MOST);
  if (!type.startsWith('image/') || room === undefined) return;
  const answer = await decodeImage({ path, within: room }, signal);
  if ('image' in answer) show(chat, answer.image);
  else chat.output.say(`  It is not shown: ${answer.reason}.`, 'dim');
}

function show({ front }: Chatting, image: Decoded): void {
  front.picture(image.pixels, image, IMAGE_MOST);
}

const stop: ChatCommand = {
  name: 'stop',
  usage: '',
  brief: 'stops all files',
  says: 'Stops sending and saving files. What was done so far is kept: the same command again goes on with it.',
  example: '',
  async run({ transfers, output }, rest) {
    noWords(rest);
    if ((await transfers.stop()) === 0) output.say('No file is on its way.');
  },
};

export const files: readonly ChatCommand[] = [sendfile, sendimg, save, stop];
