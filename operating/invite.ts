// `npm run invite`: prints invitations, one a line, for the server in a data folder or the deployment whose key is given. It asks no
// server: a code is signed, and whoever runs auth knows its own. This file only wires.
import { randomBytes } from 'node:crypto';
import { readSettings } from '#runtime/config.ts';
import { runProgram } from '#runtime/process.ts';
import { INVITATION_NONCE_BYTES, writeInvitation } from '../services/auth/invitation-code.ts';
import { inviteSettings } from './invite/config.ts';
import { variablesIn } from './invite/env-file.ts';
import { howToUse } from './invite/how-to-use.ts';
import { keyToSignWith } from './invite/key.ts';

const DAY_MS = 86_400_000;

await runProgram(() => {
  const program = { name: 'parley invite', description: 'Makes invitations: codes that each let one person sign up.' };
  const settings = readSettings(program, inviteSettings, process.argv.slice(2), {
    ...variablesIn('.env'),
    ...process.env,
  });
  const key = keyToSignWith(settings);
  const expiresAt = Date.now() + settings.days * DAY_MS;
  const codes = Array.from({ length: settings.count }, () =>
    writeInvitation(key, randomBytes(INVITATION_NONCE_BYTES), expiresAt),
  );
  process.stdout.write(`${codes.join('\n')}\n`);
  if (process.stdout.isTTY) process.stdout.write(howToUse(codes, { ...settings, domain: key.domain, expiresAt }));
});
