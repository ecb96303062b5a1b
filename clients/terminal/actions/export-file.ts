// A conversation written to a file that was not there before, and what has to be said of it: outside of the profile nothing is encrypted.
import type { Client } from '../../sdk/index.ts';
import type { App } from '../app.ts';
import { Ended, EXIT, interrupted, signalOf } from '../exit.ts';
import { withOrIn } from '../names.ts';
import { exported, type Format, type Piece } from './exporting.ts';
import { writeNewFile } from './new-file.ts';

export const NOT_ENCRYPTED =
  'is not encrypted: whoever can read it reads these messages. Keep it as you keep a letter.';
/** So many lines, or a message more, are written at a time. */
const CHUNK_LINES = 256;

/** `file`: absolute path. Throws Ended where there is nothing to write or the file is there. */
export async function exportToFile(
  app: Pick<App, 'output' | 'ending'>,
  client: Client,
  { conversation, format, file }: { readonly conversation: string; readonly format: Format; readonly file: string },
): Promise<void> {
  const pieces = await exportable(app, client, conversation, format);
  let messages = 0;
  await writeNewFile(
    file,
    chunks(pieces, (count) => (messages += count)),
  );
  app.output.show(
    { type: 'exported', conversation, format, file, messages, encrypted: false },
    `${messages} ${messages === 1 ? 'message' : 'messages'} ${withOrIn(conversation)}: ${file}`,
  );
  app.output.note(`The file ${NOT_ENCRYPTED}`);
}

/** What is exported, unless there is nothing: then no file is made. Ends when the command is to end. */
export async function exportable(
  app: Pick<App, 'ending'>,
  client: Client,
  conversation: string,
  format: Format,
): Promise<AsyncGenerator<Piece>> {
  const [last] = await client.history.before(conversation, 1);
  if (last === undefined)
    throw new Ended(EXIT.refused, `There is no message ${withOrIn(conversation)} on this device.`);
  return untilEnd();

  async function* untilEnd() {
    for await (const piece of exported(client, conversation, format)) {
      if (app.ending.aborted) throw interrupted(signalOf(app.ending));
      yield piece;
    }
  }
}

/** Many lines at a time, as what is to be written of them; `count` hears how many. */
async function* chunks(pieces: AsyncIterable<Piece>, count: (messages: number) => void): AsyncGenerator<string> {
  let waiting: string[] = [];
  for await (const { lines, messages } of pieces) {
    waiting.push(...lines);
    count(messages);
    if (waiting.length < CHUNK_LINES) continue;
    yield `${waiting.join('\n')}\n`;
    waiting = [];
  }
  if (waiting.length > 0) yield `${waiting.join('\n')}\n`;
}
