// Groups by the terminal client, command by command, as a person or a script uses them.
import { describe, expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import type { Line } from './terminal.ts';
import { refused, SEVERAL_COMMANDS_MS, TerminalWorld, texts } from './terminal-world.ts';

const done = (fields: object = {}) => ({ status: 0, ...fields });
const ofType = (records: readonly Line[], type: string) => records.filter((record) => record.type === type);

describeInBothModes((start) => {
  const world = TerminalWorld.forTheseTests(start);

  describe('a group', () => {
    it(
      'lives from its creation to its end by commands, and says who did what',
      async () => {
        const { al, bo, cy } = await world.three();
        const [team, group] = [world.group('team'), `#${world.group('team')}@localhost`];
        const created = await al.run(['group', 'create', team, bo.name, '--json']);
        expect(created.records).toEqual([{ type: 'group_created', group, policy: 'closed', members: [bo.address] }]);
        expect(await al.run(['send', `#${team}`, 'hello', 'team'])).toMatchObject(done({ stdout: 'Accepted.' }));
        const heard = await bo.run(['listen', '--json', '--count', '1']);
        expect(ofType(heard.records, 'message')).toMatchObject([
          { conversation: group, from: al.address, text: 'hello team' },
        ]);
        expect(ofType(heard.records, 'membership')).toMatchObject([
          { conversation: group, change: 'add', by: al.address, subject: bo.address, at: expect.stringMatching(/Z$/) },
        ]);
        expect(await al.run(['group', 'ADD', `#${team}`, cy.name])).toMatchObject(
          done({ stdout: expect.stringMatching(/ is a member of #\S+ now/) }),
        );
        expect(await cy.run(['send', `#${team}`, 'Glad to be here.'])).toMatchObject(done());
        expect((await al.run(['unread', '--json'])).records).toEqual([
          { type: 'unread', conversation: group, from: cy.address, count: 1 },
        ]);
        expect((await al.run(['history', `#${team}`, '--json'])).records).toMatchObject([
          { text: 'hello team', conversation: group, state: 'delivered', of: 1, delivered: 1, read: 0 },
          { text: 'Glad to be here.', from: cy.address },
        ]);
        expect(await al.run(['search', 'GLAD', '--in', `#${team}`])).toMatchObject(
          done({ stdout: expect.stringMatching(/cy\S+ to #\S+: Glad to be here\.$/) }),
        );
        expect(await al.run(['export', `#${team}`, '--format', 'markdown'])).toMatchObject(
          done({ stdout: expect.stringMatching(/^# Conversation in `#/) }),
        );
        expect(await al.run(['group', 'leave', team])).toMatchObject(refused(/make another member admin first/));
        expect(await al.run(['group', 'admin', team, bo.name])).toMatchObject(done());
        expect((await cy.run(['group', 'members', team, '--json'])).records).toEqual([
          { type: 'member', group, address: al.address, role: 'admin', verified: false },
          { type: 'member', group, address: bo.address, role: 'admin', verified: false },
          { type: 'member', group, address: cy.address, role: 'member', verified: true },
        ]);
        expect(await al.run(['group', 'leave', team])).toMatchObject(done());
        expect(await bo.run(['group', 'delete', team])).toMatchObject(refused(/Add --yes/, 2));
        expect(await bo.run(['group', 'delete', team, '--yes'])).toMatchObject(done());
        expect(await bo.run(['group', 'list'])).toMatchObject(done({ stdout: 'You are in no group.' }));
        expect(await cy.run(['send', `#${team}`, 'Anybody?'])).toMatchObject(
          refused(/#team\S+ was refused: There is no such group/),
        );
        const end = cy.start(['listen', '--json']);
        await end.until(({ lines }) => lines.some((line) => line.includes('"change":"delete"')));
        const changes = ofType((await end.end('SIGINT')).records, 'membership');
        expect(changes.map(({ change, by, subject }) => [change, by, subject])).toEqual([
          ['add', al.address, cy.address],
          ['admin', al.address, bo.address],
          ['leave', al.address, undefined],
          ['delete', bo.address, undefined],
        ]);
      },
      2 * SEVERAL_COMMANDS_MS,
    );

    it(
      'gives nothing more to whom it removed, who is told by whom, and stays in the others',
      async () => {
        const { al, bo, cy } = await world.three();
        const [team, ops] = [world.group('team'), world.group('ops')];
        for (const name of [team, ops]) {
          expect(await al.run(['group', 'create', name, bo.name, cy.name])).toMatchObject(done());
        }
        expect(await bo.run(['unread'])).toMatchObject(done());
        expect(await al.run(['group', 'kick', team, bo.name])).toMatchObject(done());
        const both = await al.run(['send', `#${team},#${ops}`, 'Who reads this?', '--json']);
        expect(ofType(both.records, 'accepted').map(({ conversation }) => conversation)).toEqual(
          expect.arrayContaining([`#${team}@localhost`, `#${ops}@localhost`]),
        );
        expect(ofType(both.records, 'sent')).toMatchObject([{ accepted: 2, total: 2 }]);
        const seen = (await bo.run(['listen', '--json', '--count', '1'])).records;
        expect(ofType(seen, 'message')).toMatchObject([{ conversation: `#${ops}@localhost` }]);
        expect(ofType(seen, 'membership').at(-1)).toMatchObject({
          ...{ conversation: `#${team}@localhost`, change: 'remove', by: al.address, subject: bo.address },
        });
        expect(await bo.run(['unread'])).toMatchObject({ stdout: 'Nothing is unread.' });
        expect(await bo.run(['send', `#${team}`, 'Hello?'])).toMatchObject(
          refused(/al\d+@localhost removed you from #/),
        );
        expect(await bo.run(['group', 'list'])).toMatchObject({ stdout: `#${ops}@localhost, closed, 3 members` });
        expect(texts((await cy.run(['listen', '--json', '--count', '2'])).records)).toEqual([
          'Who reads this?',
          'Who reads this?',
        ]);
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'that is open is joined by anybody, made where it is missing, and counted among all',
      async () => {
        const { al, bo, cy } = await world.three();
        const [square, group] = [world.group('square'), `#${world.group('square')}@localhost`];
        expect((await al.run(['group', 'join', square, '--json'])).records).toEqual([
          { type: 'group_joined', group, created: true },
        ]);
        expect(await bo.run(['group', 'join', `#${square}`])).toMatchObject(
          done({ stdout: expect.stringMatching(/You are a member.*the operator of this server included/) }),
        );
        expect((await cy.run(['group', 'list', '--all', '--json'])).records).toEqual(
          expect.arrayContaining([{ type: 'listed', group, policy: 'open', members: 2 }]),
        );
        expect(await bo.run(['send', `#${square}`, 'Good morning, all.'])).toMatchObject(done());
        expect(texts((await al.run(['listen', '--json', '--count', '1'])).records)).toEqual(['Good morning, all.']);
        expect(await al.run(['group', 'kick', square, bo.name])).toMatchObject(done());
        expect(await bo.run(['group', 'join', square])).toMatchObject(refused(/removed from #.*add you again/));
        expect(await cy.run(['group', 'join', 'lobby'])).toMatchObject(
          done({ stdout: expect.stringMatching(/Whoever may enter this server .* its operator included/) }),
        );
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'refuses with a sentence that names it, and whom it is about',
      async () => {
        const { al, bo, cy } = await world.three();
        const [team, open, nowhere] = [world.group('team'), world.group('open'), world.group('nowhere')];
        expect(await al.run(['group', 'create', team, bo.name])).toMatchObject(done());
        expect(await al.run(['group', 'create', open, '--open'])).toMatchObject(done());
        for (const [who, command, sentence, status] of [
          [bo, ['create', team], /There is a group #team\S+ already/],
          [bo, ['create', nowhere, 'nobody'], /no user nobody@localhost/],
          [bo, ['add', nowhere, cy.name], /There is no group #nowhere\S+|not a member of #nowhere/],
          [al, ['add', team, bo.name], /bo\S+ is a member of #team\S+ already/],
          [bo, ['add', team, cy.name], /Only an admin of #team\S+ may do that/],
          [cy, ['add', team, cy.name], /not a member of #team/],
          [al, ['kick', team, cy.name], /cy\S+ is not a member of #team/],
          [cy, ['join', team], /#team\S+ is closed: one of its admins has to add you/],
          [cy, ['members', team], /not a member of #team/],
          [al, ['leave', team], /make another member admin first/],
          [al, ['admin', team, al.name], /is an admin of #team\S+ already/],
          [al, ['join', open], /member of #open\S+ already/],
          [al, ['add', team, 'b o'], /A name consists/, 2],
          [al, ['ad', team, bo.name], /Did you mean add\?/, 2],
          [al, ['add', team], /Usage: .* group add .*GROUP.*USER/, 2],
        ] as const) {
          expect(await who.run(['group', ...command])).toMatchObject(refused(sentence, status));
        }
        expect(await cy.run(['send', `#${team},${bo.name}`, 'x'])).toMatchObject(refused(/#team.*\n.*1 of 2 accepted/));
        expect(await cy.run(['history', `#${team}`])).toMatchObject(
          done({ stderr: expect.stringMatching(/no message in #team/) }),
        );
      },
      2 * SEVERAL_COMMANDS_MS,
    );
  });

  describe('own presence', () => {
    it(
      'is switched for this device, and said',
      async () => {
        const [al] = await world.people(1);
        expect(await al?.run(['presence', '--json'])).toMatchObject(
          done({ stdout: '{"type":"presence","visible":true}' }),
        );
        expect(await al?.run(['presence', 'off'])).toMatchObject(
          done({ stdout: expect.stringMatching(/cannot be seen/) }),
        );
        expect(await al?.run(['presence'])).toMatchObject(done({ stdout: expect.stringMatching(/cannot be seen/) }));
        expect(await al?.run(['presence', 'maybe'])).toMatchObject(refused(/Say on or off/, 2));
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
