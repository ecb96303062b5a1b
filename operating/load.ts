// `npm run load`: real clients write to a server at a constant rate, then it is told how long that took, and whether all came once and in
// order. This file only wires.
import { relative } from 'node:path';
import { visibleInLines } from '#protocol/visible.ts';
import { ConfigError, HelpShown } from '#runtime/config.ts';
import { WRONG_SETTING } from '#runtime/process.ts';
import { StartError } from '#runtime/start-error.ts';
import { readLoadSettings } from './load/config.ts';
import { generatorLimit } from './load/figures.ts';
import { Progress } from './load/progress.ts';
import { prepareFolder, REPORT_FILE, writeReport } from './load/report.ts';
import { Run } from './load/run.ts';

const NOT_KEPT = 1;
const INTERRUPTED = 130;
/** Ctrl-C under npm comes twice, from the terminal and from npm; a second one that comes later is a second wish. */
const AGAIN_AFTER_MS = 1_000;

process.exit(await main());

async function main(): Promise<number> {
  try {
    const settings = readLoadSettings(process.argv.slice(2), process.env, new Date());
    prepareFolder(settings.out);
    const progress = new Progress(process.stdout, settings.json);
    const run = new Run(settings, progress);
    let first: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        first ??= performance.now();
        if (performance.now() - first > AGAIN_AFTER_MS) process.exit(INTERRUPTED);
        progress.say('It ends: what was sent is waited for. Once more ends it at once, and leaves its accounts there.');
        run.interrupt();
      });
    }
    const figures = await run.go();
    if (figures === undefined) return INTERRUPTED;
    writeReport(settings.out, figures);
    const { verdict, seconds } = figures;
    for (const sentence of verdict.sentences) progress.say(sentence);
    const limit = generatorLimit(seconds);
    if (limit !== undefined) progress.say(limit);
    progress.say(`The report is ${relative(process.cwd(), `${settings.out}/${REPORT_FILE}`)}.`);
    progress.end({ verdict, out: settings.out });
    return verdict.kept && verdict.rateReached ? 0 : NOT_KEPT;
  } catch (error) {
    if (error instanceof HelpShown) return 0;
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    process.stderr.write(`${visibleInLines(error.message)}\n`);
    return error instanceof ConfigError ? WRONG_SETTING : NOT_KEPT;
  }
}
