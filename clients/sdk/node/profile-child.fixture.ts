// A process that works on a profile until it is killed; one JSON line on stdout for each thing that is done.
// Arguments: directory, what to do, a name.
import { writeSync } from 'node:fs';
import { encodeText } from '#protocol/bytes.ts';
import { textContent } from '../content/content.ts';
import { exampleChain, exampleMessage, PASSWORD } from '../profile/example.fixture.ts';
import { nodeRandom } from './platform.ts';
import { nodeProfileHome } from './profile-home.ts';

const STDOUT = 1;
const say = (line: unknown) => writeSync(STDOUT, `${JSON.stringify(line)}\n`);

const [directory = '', task = '', name = ''] = process.argv.slice(2);
const profile = await nodeProfileHome({ directory, random: nodeRandom }).open(PASSWORD);

switch (task) {
  case 'enqueue':
    for (;;) {
      const messages = [1, 2, 3].map(() => exampleMessage({ content: encodeText(name) }));
      for (const { seq, id } of await profile.sending.enqueue(messages)) say({ seq, id });
    }
  case 'receive':
    for (;;) {
      const messages = exampleChain(5, { from: `${name}@example.org` });
      await profile.receiving.commitReceived({ messages });
      for (const { id } of messages) say({ id });
    }
  case 'forget':
    // Texts come and go, at every stage of a pack.
    for (let time = 1; ; time++) {
      const messages = exampleChain(5, { from: `${name}@example.org`, content: textContent(`gull ${time}`) });
      await profile.receiving.commitReceived({ messages: messages.map((one, i) => ({ ...one, expiry: i * time })) });
      say({ number: await profile.history.deleteExpired(time) });
    }
  case 'print':
    for (;;) {
      const { busy } = await profile.events.printNext(50, (event) => {
        say({ number: event.number });
        return 'more';
      });
      if (busy) await new Promise(setImmediate);
    }
  case 'erase':
    await profile.erase();
    say({ erased: true });
    break;
  case 'hold':
    say({ held: (await profile.tryReceiverLock()) !== undefined });
    setInterval(() => {}, 1_000);
}
