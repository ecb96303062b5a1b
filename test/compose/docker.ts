// Docker as its command line gives it: what a person types who runs the stack.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export type Output = { readonly status: number; readonly stdout: string; readonly stderr: string };
export type DockerOptions = { readonly cwd?: string; readonly environment?: NodeJS.ProcessEnv };

const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;
const LOOK_AGAIN_MS = 250;

/** Runs docker; resolves also where it fails. A status of -1: it could not be run. */
export function tryDocker(args: readonly string[], { cwd, environment }: DockerOptions = {}): Promise<Output> {
  return new Promise((resolve) => {
    const options = { cwd, env: environment ?? process.env, maxBuffer: OUTPUT_MAX_BYTES };
    execFile('docker', args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({
        status,
        stdout: stdout.trim(),
        stderr: stderr.trim() || (status === -1 ? String(error?.message) : ''),
      });
    });
  });
}

/** Its standard output, without white space around it. Throws what it says where it fails. */
export async function docker(args: readonly string[], options?: DockerOptions): Promise<string> {
  const { status, stdout, stderr } = await tryDocker(args, options);
  if (status !== 0) throw new Error(`docker ${args.join(' ')} ended with ${status}:\n${stderr}\n${stdout}`);
  return stdout;
}

/** The lines that docker prints; none where it prints nothing. */
export async function dockerLines(args: readonly string[]): Promise<string[]> {
  return (await docker(args)).split('\n').filter((line) => line !== '');
}

/** Resolves once `ready` holds, for what Docker announces to nobody. A test that waits in vain ends at its time limit. */
export async function until(ready: () => Promise<boolean>): Promise<void> {
  while (!(await ready())) await sleep(LOOK_AGAIN_MS);
}
