// Which checks there are for a deployment, by how it is run.
import { existsSync } from 'node:fs';
import { composeChecks } from './compose.ts';
import { distributedChecks } from './distributed.ts';
import { embeddedChecks } from './embedded.ts';
import type { Check } from './examination.ts';
import type { DoctorSettings } from './settings.ts';

const CHECKS = { embedded: embeddedChecks, distributed: distributedChecks, compose: composeChecks } as const;

/** They begin to ask at once. `now`: this machine's clock, ms since 1970. */
export function checksFor(settings: DoctorSettings, now: () => number): readonly Check[] {
  return CHECKS[modeOf(settings)](settings, now);
}

function modeOf({ mode, amqpUrl, mongoUrl, natsUrl, stackEnv }: DoctorSettings): keyof typeof CHECKS {
  if (mode !== undefined) return mode;
  if (amqpUrl !== undefined || mongoUrl !== undefined || natsUrl !== undefined) return 'distributed';
  return existsSync(stackEnv) ? 'compose' : 'embedded';
}
