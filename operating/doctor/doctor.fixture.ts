// The doctor, in this process for what it finds, and in one of its own, as an operator runs it, for what it prints and how it ends.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '#runtime/config.ts';
import { type Ended, type Environment, runToEnd } from '../../test/listening.fixture.ts';
import { checksFor } from './checks.ts';
import { examine } from './examination.ts';
import type { Finding } from './finding.ts';
import { doctorSettings } from './settings.ts';

const DOCTOR = join(import.meta.dirname, '../doctor.ts');
/** Longer than an operator's default: tests share a busy machine, and none of them is about how fast it is. */
const COMMON = ['--timeout-ms', '20000', '--stack-env', '/nowhere/.env'];

export type Examined = {
  readonly findings: readonly Finding[];
  /** Those of each level, as `check: sentence`. */
  readonly ok: readonly string[];
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
};

/** What it finds with these options and variables. */
export async function examined(options: readonly string[], environment: Environment = {}): Promise<Examined> {
  const settings = readSettings(
    { name: 'doctor', description: '' },
    doctorSettings,
    [...COMMON, ...options],
    environment,
  );
  const findings: Finding[] = [];
  await examine(checksFor(settings, Date.now), (finding) => findings.push(finding));
  const of = (wanted: string) =>
    findings.filter(({ level }) => level === wanted).map(({ check, says }) => `${check}: ${says}`);
  return { findings, ok: of('ok'), warnings: of('warning'), problems: of('problem') };
}

/** As a program, with what it prints. */
export function ran(options: readonly string[], environment: Environment = {}): Promise<Ended> {
  // Loading the modules is most of what a start costs: once for all of them.
  const cache = { NODE_COMPILE_CACHE: join(tmpdir(), 'parley-compile-cache') };
  return runToEnd([DOCTOR, ...COMMON, ...options], { ...cache, ...environment });
}
