// Three people who talk in groups, at chats in terminals.
import { expect, it } from 'vitest';
import { describeInBothModes } from '../modes.fixture.ts';
import { describeInTerminal, expectScreen } from './chat.fixture.ts';
import { chatWorld } from './chat-world.ts';
import { SEVERAL_COMMANDS_MS } from './terminal-world.ts';

describeInBothModes((start) => {
  describeInTerminal('three people in chats', () => {
    const { world, chat, shown } = chatWorld(start);

    /** Nothing is told of reading: when that comes is no matter of what they test. */
    async function three() {
      const { al, bo, cy } = await world.three();
      for (const one of [bo, cy]) await one.run(['receipts', 'off']);
      // More rows than they have lines, so that one more, which a slow machine shows, moves none out of sight.
      const size = { rows: 40 };
      const [als, bos, cys] = [await chat(al, size), await chat(bo, size), await chat(cy, size)];
      const named = (name: string) => ({ name: world.group(name) });
      return { ...{ al, bo, cy, als, bos, cys }, team: named('team'), ops: named('ops') };
    }

    it(
      'make a group, talk in it, and see how many have what they wrote',
      async () => {
        const { al, bo, cy, als, bos, cys, team } = await three();
        await als.say(`/creategrp ${team.name} ${bo.name} ${cy.name}`);
        await als.sees('To write there: /open');
        await bos.sees(/al\d+ added you to #team/);
        await als.say(`/open #${team.name}`);
        await als.sees(new RegExp(`^#${team.name}>$`, 'm'));
        await bos.say(`/open #${team.name}`);
        await bos.sees(new RegExp(`^#${team.name}>$`, 'm'));
        await als.say('Hello, all of you.');
        await bos.sees(': Hello, all');
        await cys.sees(/1 unread from al\S+ in #team/);
        await als.sees(/delivered to 2 of 2 in #team\S+ “Hello/);
        await bos.type('On my w');
        await als.sees(/^#team\d+ \(bo\d+ typing…\)>$/m);
        await bos.say('ay.');
        await als.sees(/bo\d+: On my way\.\n#team\d+>$/);
        await cys.sees(/1 unread from bo\S+ in #team/);
        await cys.say('/unread');
        await cys.sees(/\/unread\n1 from al\S+ in #team\S+\n1 from bo\S+ in/);
        await cys.say('/open');
        await cys.sees(/#team\d+, 2 unread: 1 from al\d+, 1 from bo\d+[\s\S]*On my way/);
        await cys.say('So am I.');
        await als.sees('So am I.');
        await als.say('/status');
        await als.sees(/delivered to 2 of 2\)/);
        await als.say('/members');
        await als.sees(/cy\S+ \(online\)/);
        const without = (screen: string) => screen.replace(/^ {2}✓✓ delivered to 1 of 2.*\n/gm, '');
        await expectScreen('group', async () => shown(without(await als.screen()), al, bo, cy, team));
        await expectScreen('group-unread', async () =>
          shown(without(await cys.sees(/delivered to 2 of 2/)), al, bo, cy, team),
        );
      },
      SEVERAL_COMMANDS_MS,
    );

    it(
      'see who is added, made an admin, removed and gone, by whom, in this group alone',
      async () => {
        const { al, bo, cy, als, bos, cys, team, ops } = await three();
        await als.say(`/creategrp ${team.name} ${bo.name}`);
        await bos.sees(/added you to #team/);
        await als.say(`/creategrp ${ops.name} ${bo.name} ${cy.name}`);
        await cys.sees(/added you to #ops/);
        await bos.sees(/added cy\d+ to #ops/);
        await bos.say(`/open ${team.name.replace('team', '#team')}`);
        await bos.sees(new RegExp(`^#${team.name}>$`, 'm'));
        await als.say(`/addmember ${team.name} ${cy.name}`);
        await bos.sees(/al\d+ added cy\d+ to #team/);
        await cys.sees(/added you to #team/);
        await als.say(`/changeadmin #${team.name} ${bo.name}`);
        await bos.sees(/made you an admin of #team/);
        await bos.say(`/kick ${team.name} ${cy.name}`);
        await cys.sees(/You were removed from #team\d+ by bo/);
        await als.say(`/sendgrp ${team.name},#${ops.name} To both of them.`);
        await bos.sees(': To both');
        for (const one of [bos, cys]) await one.sees(/1 unread from al\S+ in #ops/);
        await cys.say(`/open #${team.name}`);
        await cys.sees(/#team\d+ \(you were removed\)>$/);
        await cys.say('Am I still here?');
        await cys.sees(/removed you from #team[\s\S]*> Am I still here\?$/);
        await cys.press('C-c');
        await cys.say(`/leavegrp ${ops.name}`);
        await cys.sees('You have left');
        await bos.sees(/cy\d+ left #ops/);
        await cys.say('/groups');
        await cys.sees('You are in no group.');
        await expectScreen('group-removed', async () => shown(await cys.screen(), al, bo, cy, team, ops));
        await als.say(`/leavegrp ${team.name}`);
        await bos.sees(/al\d+ left #team/);
        await bos.say(`/deletegrp ${team.name}`);
        await bos.sees('Type yes');
        await bos.say('no');
        await bos.sees('Nothing was done');
        await bos.say(`/deletegrp ${team.name}`);
        await bos.sees(/Type yes[\s\S]*Type yes/);
        await bos.say('yes');
        // Two groups: which of two messages comes first is not said.
        const inOneGroup = (screen: string) => screen.replace(/^ {2}1 unread from .* in #ops.*\n/m, '');
        await expectScreen('group-deleted', async () =>
          shown(inOneGroup(await bos.sees(/\(deleted\)>$/)), al, bo, cy, team, ops),
        );
        await als.say('/groups');
        await als.sees(/\/groups\n#ops\S+, closed, 2 members/);
        await als.say('/join lobby');
        await als.sees('its operator included');
        await als.say('/open #lobby');
        await als.sees(/^#lobby \(open to all\)>$/m);
        await als.say('/groups --all');
        await als.sees(/#lobby@localhost, lobby, 1 member/);
        expect(await als.screen()).not.toContain('should not have happened');
      },
      SEVERAL_COMMANDS_MS,
    );
  });
});
