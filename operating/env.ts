// `npm run env`: writes the .env that compose.yaml reads, with secrets that no other deployment has. What is in the file already stays as it is:
// a password that changes here alone locks the services out of data that was made with the one before. This file only wires.
import { resolve } from 'node:path';
import { readSettings } from '#runtime/config.ts';
import { runProgram } from '#runtime/process.ts';
import { createServerSetup } from '../services/auth/opaque.ts';
import { envSettings } from './env/config.ts';
import { completeFile } from './env/file.ts';
import { given, variables } from './env/variables.ts';

await runProgram(async () => {
  const program = { name: 'parley env', description: 'Writes the .env of a stack, with new secrets.' };
  const settings = readSettings(program, envSettings, process.argv.slice(2), process.env);
  // npm moves to the folder of the package: a path is meant from where the person stands.
  const file = resolve(process.env.INIT_CWD ?? '.', settings.file);
  process.stdout.write(`${completeFile(file, variables(await createServerSetup()), given(settings))}\n`);
});
