// A conversation as a device sees it that came later: what was written before comes in late slots, whenever its senders are next online, and
// takes its place all the same (DESIGN section 3, end; section 5, Late slots).
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readContent } from '../../clients/sdk/content/content.ts';
import { PASSWORD, People, type Person } from '../../clients/sdk/test/people.ts';
import type { Deployment } from '../deployment.fixture.ts';
import { describeInBothModes } from '../modes.fixture.ts';

async function history({ client }: Person, conversation: string): Promise<string[]> {
  const lines = await client.history.before(conversation, 100);
  return lines.map(({ content }) => {
    const read = readContent(content);
    return read.kind === 'text' ? read.text : read.kind;
  });
}

async function unread({ client }: Person, conversation: string): Promise<Readonly<Record<string, number>>> {
  return (await client.history.conversation(conversation))?.unread ?? {};
}

describeInBothModes((start) => {
  let server: Deployment;
  let people: People;
  let round = 0;
  let AL: string;
  let BO: string;

  beforeAll(async () => {
    server = await start(['--rate-factor', '100', '--tries-per-source', '1000']);
  });

  afterAll(async () => {
    await server.remove();
  });

  beforeEach(() => {
    people = new People(server.urls);
    round += 1;
    AL = `al${round}@localhost`;
    BO = `bo${round}@localhost`;
  });

  afterEach(async () => {
    await people.end();
  });

  /** Al wrote one, bo two, each having read what was before; then al went away, and bo signs in on another device. */
  async function conversationBefore(): Promise<{ al: Person; bo: Person; second: Person }> {
    const al = await people.signUp(`al${round}`);
    const bo = await people.signUp(`bo${round}`);
    await Promise.all([al.online(), bo.online()]);
    await al.say(BO, 'one', 'and a half');
    await bo.until(({ texts }) => texts.length === 2);
    await bo.say(AL, 'two');
    await al.until(({ texts }) => texts.includes('two'));
    await al.client.close();
    const second = await people.logIn(`bo${round}`);
    await second.online();
    await second.until(({ texts }) => texts.includes('two'));
    return { al, bo, second };
  }

  describe('a second device', () => {
    it('has the conversation in its order, although the first of it came last', async () => {
      const { al, second } = await conversationBefore();
      const back = await people.reopen(al);
      await back.online();
      await back.say(BO, 'three');
      await second.until(({ texts }) => texts.length === 4);
      expect(await history(second, AL)).toEqual(['one', 'and a half', 'two', 'three']);
    });

    it('counts as unread what is written from then on; the rest was for the device before it', async () => {
      const { al, second } = await conversationBefore();
      expect(await unread(second, AL)).toEqual({});
      const back = await people.reopen(al);
      await back.online();
      await back.say(BO, 'three');
      await second.until(({ texts }) => texts.length === 4);
      expect(await unread(second, AL)).toEqual({ [AL]: 1 });
    });

    it('counts all of it as unread where no earlier device is in use any more', async () => {
      const al = await people.signUp(`al${round}`);
      const lost = await people.signUp(`bo${round}`);
      await al.online();
      await al.say(BO, 'where are you?');
      await al.client.close();
      await lost.client.close();
      const found = await people.logIn(`bo${round}`);
      await found.client.revoke(lost.client.account.device, PASSWORD);
      await found.online();
      const back = await people.reopen(al);
      await back.online();
      await back.say(BO, 'hello?');
      await found.until(({ texts }) => texts.length === 2);
      expect(await history(found, AL)).toEqual(['where are you?', 'hello?']);
      expect(await unread(found, AL)).toEqual({ [AL]: 2 });
    });
  });
});
