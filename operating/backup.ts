// `npm run backup -- --to FILE`: everything that a deployment keeps, in one file; `--check FILE`: whether a backup is whole. This file only wires.
import { z } from 'zod';
import { ConfigError, readSettings } from '#runtime/config.ts';
import { runProgram } from '#runtime/process.ts';
import { PARLEY_VERSION } from '#runtime/version.ts';
import { writeArchive } from './backup/archive.ts';
import { backUpFolder } from './backup/file-backup.ts';
import { describeBackup, newManifest } from './backup/manifest.ts';
import { backUpServices } from './backup/mongo-backup.ts';
import { whereSettings, withoutFilesSetting } from './backup/settings.ts';
import { openOnce, verify } from './backup/source.ts';
import { writeTarget } from './backup/target.ts';

const shape = {
  to: z.string().min(1).optional().describe('the file to write, or - for standard output'),
  check: z.string().min(1).optional().describe('a backup to read and verify instead, or - for standard input'),
  withoutFiles: withoutFilesSetting,
  ...whereSettings,
};

await runProgram(async () => {
  const program = { name: 'parley backup', description: 'Everything that a deployment keeps, in one file.' };
  const settings = readSettings(program, shape, process.argv.slice(2), process.env);
  const { to, check, data, mongoUrl, withoutFiles } = settings;
  if ((to === undefined) === (check === undefined))
    throw new ConfigError('Give --to FILE for a backup, or --check FILE to verify one.');
  if (check !== undefined) {
    const { manifest, counts } = await verify(openOnce(check));
    process.stderr.write(`It is whole. ${describeBackup(manifest, counts)}`);
  } else if (to !== undefined) {
    const now = Date.now();
    const files = !withoutFiles;
    const made =
      mongoUrl === undefined
        ? await backUpFolder(data, { now, files })
        : await backUpServices({ ...settings, mongoUrl }, { now, files });
    const manifest = newManifest(made.facts, PARLEY_VERSION);
    try {
      await writeTarget(writeArchive(manifest, made.parts, made.counts), to);
    } finally {
      await made.close();
    }
    process.stderr.write(describeBackup(manifest, made.counts()));
  }
});
