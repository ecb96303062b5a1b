// Commands of a chat about the own account: devices, password, leaving it.
import {
  changePassword,
  deleteAccount,
  deletionMustBeMeant,
  onlyDeviceMustBeMeant,
  signOut,
} from '../../actions/account.ts';
import { devicePrefix, findDevice, renameDevice, revokeDevice, showDevices } from '../../actions/devices.ts';
import { receipts as switchReceipts } from '../../actions/receipts.ts';
import { newPasswordOf } from '../../app.ts';
import { usageError } from '../../exit.ts';
import { askedAgain } from '../asked-again.ts';
import { type ChatCommand, noWords, oneWord } from '../commands.ts';

const devices: ChatCommand = {
  name: 'devices',
  usage: '',
  brief: 'lists your devices',
  says: 'Lists the devices of your account.',
  example: '',
  async run(chat, rest) {
    noWords(rest);
    await showDevices(chat);
  },
};

const rename: ChatCommand = {
  name: 'rename',
  usage: 'NAME',
  brief: 'names this device',
  says: 'Calls this device something else. Your other devices learn it, and nobody else.',
  example: 'Laptop at work',
  async run(chat, rest) {
    if (rest === '') throw usageError('');
    await renameDevice(chat, rest.trim());
  },
};

const revoke: ChatCommand = {
  name: 'revoke',
  usage: 'DEVICE',
  brief: 'takes a device out',
  says: 'Takes a device out of your account. By its key in /devices, or the beginning of it: nothing more is sent to it, nobody believes what it sends, and it erases itself when it hears of it.',
  example: 'mN3x',
  async run(chat, rest) {
    const { device } = await findDevice(chat, devicePrefix(oneWord(rest)));
    await askedAgain(chat, async (said) => revokeDevice(chat, device, await chat.password(true, said)));
  },
};

const receipts: ChatCommand = {
  name: 'receipts',
  usage: 'on|off',
  brief: 'tells what was read',
  says: 'Says or switches whether what was read is told. Others learn what you have read here, and you what they have; or neither.',
  example: 'off',
  async run(chat, rest) {
    await switchReceipts(chat, rest === '' ? '' : oneWord(rest));
  },
};

const password: ChatCommand = {
  name: 'password',
  usage: '',
  brief: 'changes the password',
  says: 'Changes the password. Your other devices stay signed in and ask for the new one.',
  example: '',
  async run(chat, rest) {
    noWords(rest);
    await chat.inSession(() => chat.client.online());
    let old: string | undefined = await chat.password(true);
    const fresh = await askedAgain(chat, (said) => newPasswordOf(chat, chat.client.account.address, undefined, said));
    await askedAgain(chat, async (said) => {
      const given = old ?? (await chat.password(true, said));
      old = undefined;
      await changePassword(chat, given, fresh);
    });
    chat.passwordIs(fresh);
  },
};

const signout: ChatCommand = {
  name: 'signout',
  usage: '',
  brief: 'erases this device',
  says: 'Revokes this device and erases its keys and its history.',
  example: '',
  async run(chat, rest) {
    noWords(rest);
    await onlyDeviceMustBeMeant(chat, true);
    const gone = (await chat.client.gone()) !== undefined;
    await askedAgain(chat, async (said) => signOut(chat, gone ? '' : await chat.password(true, said)));
    chat.end(true);
  },
};

const deleteaccount: ChatCommand = {
  name: 'deleteaccount',
  usage: '',
  brief: 'deletes your account',
  says: 'Deletes your account for ever. It erases this device; nobody can take the name again.',
  example: '',
  async run(chat, rest) {
    noWords(rest);
    await deletionMustBeMeant(chat);
    await askedAgain(chat, async (said) => deleteAccount(chat, await chat.password(true, said)));
    chat.end(true);
  },
};

export const account: readonly ChatCommand[] = [devices, rename, revoke, receipts, password, signout, deleteaccount];
