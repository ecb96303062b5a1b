// One run of the tests of the stack: a name that everything begins with which it makes, an image, and a folder. The program makes it, the test
// files find it in the environment.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
const NAME = 'PARLEY_COMPOSE_RUN';
const FOLDER = 'PARLEY_COMPOSE_FOLDER';

export type Run = {
  /** What the names of its projects begin with. */
  readonly name: string;
  /** The tag of its image, so that nobody's own is written over. */
  readonly version: string;
  readonly image: string;
  readonly folder: string;
  /** For the processes that belong to it. */
  readonly environment: NodeJS.ProcessEnv;
};

export function newRun(folder: string): Run {
  return runOf(`parley-test-${randomBytes(3).toString('hex')}`, folder);
}

/** Throws where a test file was not started by `npm run test:compose`. */
export function currentRun(): Run {
  const { [NAME]: name, [FOLDER]: folder } = process.env;
  if (name === undefined || folder === undefined) throw new Error('Run these tests with: npm run test:compose');
  return runOf(name, folder);
}

function runOf(name: string, folder: string): Run {
  const environment = { ...process.env, [NAME]: name, [FOLDER]: folder };
  return { name, version: name, image: `parley:${name}`, folder, environment };
}
