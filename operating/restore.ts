// `npm run restore -- --from FILE`: a deployment as a backup has it, into an empty store. This file only wires.
import { z } from 'zod';
import { ConfigError, readSettings } from '#runtime/config.ts';
import { runProgram } from '#runtime/process.ts';
import { authSettings } from '../services/auth/config.ts';
import { restoreFolder } from './backup/file-restore.ts';
import { describeBackup } from './backup/manifest.ts';
import { restoreServices } from './backup/mongo-restore.ts';
import { judgeSetup } from './backup/opaque.ts';
import { domainSetting, whereSettings } from './backup/settings.ts';
import { openSource, verify } from './backup/source.ts';

const { opaqueSetup, opaqueSetupFile } = authSettings;
const shape = {
  from: z.string().min(1).describe('the file that npm run backup wrote, or - for standard input'),
  ...whereSettings,
  domain: domainSetting,
  opaqueSetup,
  opaqueSetupFile,
};

await runProgram(async () => {
  const program = { name: 'parley restore', description: 'A deployment as a backup has it, into an empty store.' };
  const settings = readSettings(program, shape, process.argv.slice(2), process.env);
  const { data, mongoUrl, domain } = settings;
  const source = await openSource(settings.from);
  const verified = await verify(source);
  const { manifest, counts } = verified;
  const mode = mongoUrl === undefined ? 'embedded' : 'distributed';
  if (manifest.mode !== mode) {
    throw new ConfigError(
      manifest.mode === 'embedded'
        ? 'The backup is of a server in one process: restore it with --data, and without mongoUrl.'
        : 'The backup is of services: restore it with --mongo-url and --amqp-url.',
    );
  }
  const advice = judgeSetup(manifest, settings);
  const now = Date.now();
  if (mongoUrl === undefined) await restoreFolder(data, source, verified, domain, now);
  else await restoreServices({ ...settings, mongoUrl }, source, verified, domain, now);
  process.stderr.write(`Restored. ${describeBackup(manifest, counts)}${advice}`);
});
