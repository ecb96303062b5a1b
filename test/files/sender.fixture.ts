// A process that sends a file and ends once the server has accepted its message. Arguments: server, directory of the profile, address, to whom, the file.
import { openFileSource } from '../../clients/sdk/node/file-source.ts';
import { begin, say, sayDone } from './line.ts';
import { asPerson } from './person.fixture.ts';

const [server = '', directory = '', address = '', to = '', path = ''] = process.argv.slice(2);
await asPerson({ server, directory, address }, async (client) => {
  const accepted = new Set<string>();
  let heard = () => {};
  client.on((event) => {
    if (event.type === 'accepted') accepted.add(event.id);
    heard();
  });
  const source = await openFileSource(path);
  const taken = begin();
  const [result] = await client
    .sendFile([to], source, { onProgress: ({ done, total }) => say({ type: 'progress', done, total }) })
    .finally(() => source.close());
  const uploaded = taken();
  if (result === undefined || 'error' in result) throw result?.error ?? new Error('There is no result.');
  while (!result.ids.every((id) => accepted.has(id))) {
    await new Promise<void>((resolve) => {
      heard = resolve;
    });
  }
  sayDone(uploaded);
});
