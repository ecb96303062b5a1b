// Runs all checks side by side, each for a bounded time, and hands their findings on in the order of the list.
import { ConfigError } from '#runtime/config.ts';
import { about, type Finding } from './finding.ts';

/** `maxMs`: when it is given up; whoever asks servers gives each of its questions less. */
export type Check = {
  readonly name: string;
  readonly maxMs: number;
  run(): Promise<readonly Finding[]>;
};

export async function examine(checks: readonly Check[], report: (finding: Finding) => void): Promise<void> {
  const running = checks.map(findingsOf);
  for (const findings of running) for (const finding of await findings) report(finding);
}

async function findingsOf({ name, maxMs, run }: Check): Promise<readonly Finding[]> {
  let late: NodeJS.Timeout | undefined;
  const silence = new Promise<readonly Finding[]>((resolve) => {
    const says = `No answer within ${maxMs / 1_000} s.`;
    const todo = 'Look whether what it asks hangs or is overloaded, and run this again.';
    late = setTimeout(() => resolve([about(name).problem(says, todo)]), maxMs);
  });
  try {
    return await Promise.race([run(), silence]);
  } catch (error) {
    // Whatever it is, the other checks are worth having.
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof ConfigError) return [about(name).problem(reason, 'Correct the setting.')];
    return [about(name).problem(`This could not be looked at: ${reason.replace(/\.$/, '')}.`, 'Mend that first.')];
  } finally {
    clearTimeout(late);
  }
}
