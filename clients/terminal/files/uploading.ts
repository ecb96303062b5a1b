// A file on its way to the server, as long as somebody waits for it: with its progress, and with what is to be said where nobody waits any more.
import { type Client, type FileSource, type SendOptions, type SendResult, Unavailable } from '../../sdk/index.ts';
import { visible } from '../escape.ts';
import type { Output } from '../output.ts';
import type { Progress } from '../progress.ts';
import { TransferLine } from './transfer-line.ts';

type Upload = { readonly to: readonly string[]; readonly source: FileSource; readonly options: SendOptions };

/** What `sendFile` comes to; how far it is, in sentences, once `progress` has stopped. Throws what `sendFile` throws. */
export async function uploaded(
  client: Pick<Client, 'sendFile'>,
  output: Output,
  progress: Progress,
  { to, source, options }: Upload,
): Promise<readonly SendResult[] | string> {
  const name = visible(source.name);
  const line = new TransferLine(output, name);
  const stop = new AbortController();
  const uploading = client.sendFile(to, source, {
    ...options,
    signal: stop.signal,
    onProgress: (made) => {
      line.heard(made);
      progress.moved();
    },
  });
  try {
    const results = await progress.during(uploading, true);
    if (results !== undefined) return results;
    stop.abort(new Unavailable('Nobody waits for it any more.'));
    // What it was doing just then may be done.
    const far = line.done === '' ? '' : `: ${line.done} are uploaded`;
    return await uploading.catch(() => `${name} was not sent${far}. The same command goes on with it.`);
  } finally {
    line.end();
  }
}
