// When each own device was used last, as the server notes it and its owner is shown it.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { People } from '../../clients/sdk/test/people.ts';
import type { Deployment } from '../deployment.fixture.ts';
import { describeInBothModes } from '../modes.fixture.ts';

describeInBothModes((start) => {
  let server: Deployment;
  let people: People;

  beforeEach(async () => {
    server = await start(['--rate-factor', '100']);
    people = new People(server.urls);
  });

  afterEach(async () => {
    await people.end();
    await server.remove();
  });

  it('the last use of a device is told to its own account, also after a restart of the server', async () => {
    const before = Date.now();
    const al = await people.signUp('al');
    const second = await people.logIn('al');
    const third = await people.logIn('al');
    await (await people.signUp('bo')).online();
    await second.online();
    await third.online({ receive: false });
    // Of a session that only sends, the mailbox hears beside its answer.
    const used = async () =>
      (await second.client.devices()).find(({ device }) => device === third.client.account.device)?.lastUsedAt;
    await expect.poll(used).toBeDefined();
    await Promise.all([second.client.close(), third.client.close()]);
    const between = Date.now();
    await server.stop();
    await server.restart();
    await al.online();
    const times = (await al.client.devices()).map(({ lastUsedAt = 0 }) => lastUsedAt);
    expect(times).toHaveLength(3);
    const [own = 0, ...others] = times;
    expect(own).toBeGreaterThanOrEqual(between);
    for (const at of others) {
      expect(at).toBeGreaterThanOrEqual(before);
      expect(at).toBeLessThanOrEqual(between);
    }
  });
});
