// `npm run doctor`: is everything well? Looks at a deployment as an operator would, says what is wrong and what to do, and changes nothing.
// Status 0: no problem; 1: at least one; 2: a setting that cannot be read. This file only wires.
import { existsSync } from 'node:fs';
import { readSettings } from '#runtime/config.ts';
import { runProgram } from '#runtime/process.ts';
import { composeChecks } from './doctor/compose.ts';
import { distributedChecks } from './doctor/distributed.ts';
import { embeddedChecks } from './doctor/embedded.ts';
import { examine } from './doctor/examination.ts';
import { Report } from './doctor/report.ts';
import { hiding, secretsIn } from './doctor/secrets.ts';
import { type DoctorSettings, doctorSettings } from './doctor/settings.ts';

const CHECKS = { embedded: embeddedChecks, distributed: distributedChecks, compose: composeChecks } as const;

await runProgram(async () => {
  const program = {
    name: 'parley doctor',
    description: 'Says whether all is well with a Parley server, and if not, what to do.',
  };
  const settings = readSettings(program, doctorSettings, process.argv.slice(2), process.env);
  const write = (text: string): void => void process.stdout.write(text);
  const report = new Report(settings.json, hiding(secretsIn(settings)), write);
  const now = (): number => Date.now();
  await examine(CHECKS[modeOf(settings)](settings, now), (finding) => report.add(finding));
  process.exit(report.end() === 0 ? 0 : 1); // what was given up may still hold a connection
});

function modeOf({ mode, amqpUrl, mongoUrl, natsUrl, envFile }: DoctorSettings): keyof typeof CHECKS {
  if (mode !== undefined) return mode;
  if (amqpUrl !== undefined || mongoUrl !== undefined || natsUrl !== undefined) return 'distributed';
  return existsSync(envFile) ? 'compose' : 'embedded';
}
