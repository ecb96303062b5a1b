// `npm run doctor`: is everything well? Looks at a deployment as an operator would, says what is wrong and what to do, and changes nothing.
// Status 0: no problem; 1: at least one; 2: a setting that cannot be read. This file only wires.
import { readSettings } from '#runtime/config.ts';
import { runProgram } from '#runtime/process.ts';
import { checksFor } from './doctor/checks.ts';
import { examine } from './doctor/examination.ts';
import { Report } from './doctor/report.ts';
import { hiding, secretsIn } from './doctor/secrets.ts';
import { doctorSettings } from './doctor/settings.ts';

await runProgram(async () => {
  const description = 'Says whether all is well with a Parley server, and if not, what to do.';
  const settings = readSettings(
    { name: 'parley doctor', description },
    doctorSettings,
    process.argv.slice(2),
    process.env,
  );
  const report = new Report(settings.json, hiding(secretsIn(settings)), (text) => void process.stdout.write(text));
  await examine(checksFor(settings, Date.now), (finding) => report.add(finding));
  process.exit(report.end() === 0 ? 0 : 1); // what was given up may still hold a connection
});
