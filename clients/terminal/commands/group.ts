// The commands about groups; what they do stands in actions/groups.ts. `#` may be left out in their names, because a shell takes it for a comment.
import type { Command } from 'commander';
import { type Acting, acting } from '../acting.ts';
import {
  addMember,
  createGroup,
  deleteGroup,
  groupDeletionMustBeMeant,
  joinGroup,
  leaveGroup,
  listGroups,
  removeMember,
  setAdmin,
  showMembers,
} from '../actions/groups.ts';
import { type App, withClient } from '../app.ts';
import { group as groupArgument, person } from '../arguments.ts';
import { groupName } from '../names.ts';
import { type Define, example, type Run } from './define.ts';

/** What a command does about one group; `name`: canonical. */
type AboutGroup = (acting: Acting, name: string, command: Command) => Promise<void>;
type AboutMember = (acting: Acting, name: string, address: string, command: Command) => Promise<void>;

export const groupCommand: Define = (program, run) => {
  const group = program
    .command('group')
    .description('create, join, leave and change groups; list them and their members');
  create(group, run);
  about(group, run, 'join', 'come into an open group; create it where there is none of this name', joinGroup);
  about(group, run, 'leave', 'leave a group; its last admin makes another one first', leaveGroup);
  deletion(group, run);
  about(group, run, 'members', 'list who is in a group, with role and verification mark', (acts, name) =>
    showMembers(acts, name),
  );
  aboutMember(group, run, 'add', 'add a person to a group; they are told', addMember);
  aboutMember(group, run, 'kick', 'remove a person from a group; they are told by whom', removeMember);
  aboutMember(group, run, 'admin', 'make a member an admin: there may be several', (acts, name, address, command) =>
    setAdmin(acts, name, address, command.opts().undo !== true),
  ).option('--undo', 'make a plain member of an admin');
  group
    .command('list')
    .description('list the groups that you are in')
    .option('--all', 'instead, all groups of this server that anybody may join')
    .addHelpText('after', example('group list --all'))
    .action((options: { all?: boolean }, command: Command) =>
      run(command, (app) => inGroups(app, (acts) => listGroups(acts, options.all === true))),
    );
};

function create(group: Command, run: Run): void {
  group
    .command('create')
    .description('create a group, of which you are the admin')
    .argument('<GROUP>', NAME, groupArgument)
    .argument('[USER...]', 'its first members', persons)
    .option('--open', 'anybody may join it and read, the operator of the server included')
    .addHelpText('after', example('group create team bo cy'))
    .action((typed: string, users: string[] | undefined, { open = false }: { open?: boolean }, command: Command) =>
      run(command, (app) =>
        inGroups(app, (acts) => {
          const members = (users ?? []).map((user) => acts.client.resolve(user));
          return createGroup(acts, groupName(acts.client, typed), { open, members });
        }),
      ),
    );
}

const NAME = 'its name in your own domain, or name@domain';

function about(group: Command, run: Run, name: string, description: string, act: AboutGroup): Command {
  return group
    .command(name)
    .description(description)
    .argument('<GROUP>', NAME, groupArgument)
    .addHelpText('after', example(`group ${name} team`))
    .action((typed: string, _options: object, command: Command) =>
      run(command, (app) => inGroups(app, (acts) => act(acts, groupName(acts.client, typed), command))),
    );
}

function aboutMember(group: Command, run: Run, name: string, description: string, act: AboutMember): Command {
  return group
    .command(name)
    .description(description)
    .argument('<GROUP>', NAME, groupArgument)
    .argument('<USER>', 'a name of your own domain, or name@domain', person)
    .addHelpText('after', example(`group ${name} team bo`))
    .action((typed: string, user: string, _options: object, command: Command) =>
      run(command, (app) =>
        inGroups(app, (acts) => act(acts, groupName(acts.client, typed), acts.client.resolve(user), command)),
      ),
    );
}

function deletion(group: Command, run: Run): void {
  group
    .command('delete')
    .description('end a group for all of its members')
    .argument('<GROUP>', NAME, groupArgument)
    .option('--yes', 'this is meant: it cannot be undone')
    .addHelpText('after', example('group delete team --yes'))
    .action((typed: string, { yes = false }: { yes?: boolean }, command: Command) =>
      run(command, (app) => {
        const work = async (acts: Acting) => {
          const name = groupName(acts.client, typed);
          if (!yes) await groupDeletionMustBeMeant(acts, name);
          await deleteGroup(acts, name);
        };
        return inGroups(app, work, !yes);
      }),
    );
}

/** Commander hands on one at a time. */
function persons(typed: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), person(typed)];
}

function inGroups(app: App, work: (acts: Acting) => Promise<void>, asksMore = false): Promise<void> {
  return withClient(app, (client) => work(acting(app, client)), { asksMore });
}
