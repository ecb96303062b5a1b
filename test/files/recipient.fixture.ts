// A process that waits for a file of that name and saves it. Arguments: server, directory of the profile, address, from whom, the name, the folder.
import type { Client } from '../../clients/sdk/client.ts';
import { readContent } from '../../clients/sdk/content/content.ts';
import type { FileInfo } from '../../clients/sdk/content/file.ts';
import { fileTarget } from '../../clients/sdk/node/file-target.ts';
import { begin, say, sayDone } from './line.ts';
import { asPerson } from './person.fixture.ts';

/** Messages of the conversation that are looked into. */
const LAST_MESSAGES = 100;

const [server = '', directory = '', address = '', from = '', name = '', folder = ''] = process.argv.slice(2);
await asPerson({ server, directory, address }, async (client) => {
  const file = await described(client);
  const target = fileTarget(folder, file);
  const taken = begin();
  try {
    const path = await client.fetchFile(file, target, {
      onProgress: ({ done, total }) => say({ type: 'progress', done, total }),
    });
    sayDone(taken(), path);
  } finally {
    await target.close();
  }
});

/** Resolves once a message has come that describes the file. */
async function described(client: Client): Promise<FileInfo> {
  for (;;) {
    const heard = new Promise<void>((resolve) => {
      const stop = client.on(() => {
        stop();
        resolve();
      });
    });
    for (const { content } of await client.history.before(from, LAST_MESSAGES)) {
      const read = readContent(content);
      if (read.kind === 'file' && read.file.name === name) return read.file;
    }
    await heard;
  }
}
