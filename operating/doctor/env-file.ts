// The stack's .env: whether nobody else reads it, nothing is missing, and nothing in it can be guessed.
import { readFileSync, statSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { z } from 'zod';
import { deploymentSettings } from '#runtime/deployment.ts';
import { weaknessOf } from '#runtime/strong-passwords.ts';
import { PARLEY_VERSION } from '#runtime/version.ts';
import { OpaqueServer } from '../../services/auth/opaque.ts';
import { gatewaySettings } from '../../services/gateway/config.ts';
import { variables } from '../env/variables.ts';
import { about, type Finding } from './finding.ts';

const it = about('.env');
const ACCESS_BITS = 0o777;
const OTHERS = 0o077;
const MAKE = 'npm run env (it adds what is missing and changes nothing else)';

/** Passwords, each with whose it is. RabbitMQ and MongoDB keep the one that their volumes were made with. */
const PASSWORDS = [
  ['RABBITMQ_PASSWORD', 'RABBITMQ_USER'],
  ['MONGO_PASSWORD', 'MONGO_USER'],
  ['NATS_PASSWORD', 'NATS_USER'],
] as const;
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  PARLEY_DOMAIN: deploymentSettings.domain,
  PARLEY_SIGN_UP: deploymentSettings.signUp,
  PARLEY_PUBLIC_PORT: gatewaySettings.port,
};

export type EnvFile = {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly findings: readonly Finding[];
  readonly serverKey: string | undefined;
};

/** Reads it. Without a file there is nothing, and that is a problem. */
export async function readEnvFile(file: string): Promise<EnvFile> {
  let values: EnvFile['values'];
  let mode: number;
  try {
    values = parseEnv(readFileSync(file, 'utf8'));
    mode = statSync(file).mode & ACCESS_BITS;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      values: {},
      serverKey: undefined,
      findings: [it.problem(`${file} cannot be read: ${reason}.`, 'npm run env')],
    };
  }
  const serverKey = await publicKeyOf(values.PARLEY_OPAQUE_SETUP, values.PARLEY_DOMAIN ?? '');
  const findings = [
    ...accessFindings(file, mode),
    ...missingFindings(file, values),
    ...valueFindings(values),
    ...secretFindings(values, serverKey),
    ...versionFindings(values.PARLEY_VERSION),
  ];
  if (findings.length === 0)
    findings.push(it.ok(`${file} has all that the stack needs, for nobody else to read or to guess.`));
  return { values, serverKey, findings };
}

function accessFindings(file: string, mode: number): Finding[] {
  if ((mode & OTHERS) === 0) return [];
  return [
    it.problem(
      `Others on this machine may read ${file} (mode ${mode.toString(8)}), and it holds every secret.`,
      `chmod 600 ${file}`,
    ),
  ];
}

function missingFindings(file: string, values: EnvFile['values']): Finding[] {
  const missing = [...variables('').keys()].filter((name) => !values[name]);
  return missing.length === 0 ? [] : [it.problem(`${file} lacks ${missing.join(', ')}.`, MAKE)];
}

function valueFindings(values: EnvFile['values']): Finding[] {
  return Object.entries(SCHEMAS).flatMap(([name, schema]) => {
    const value = values[name];
    if (!value || schema.safeParse(value).success) return [];
    const meant = schema.description ?? '';
    return [
      it.problem(
        `${name} is ${JSON.stringify(value)}, which it cannot be: ${meant}.`,
        `Correct it, then: docker compose up -d --wait`,
      ),
    ];
  });
}

function secretFindings(values: EnvFile['values'], serverKey: string | undefined): Finding[] {
  const weak = PASSWORDS.flatMap(([name, user]) => {
    const reason = values[name] ? weaknessOf(values[name], values[user]) : undefined;
    if (reason === undefined) return [];
    const todo = 'Choose a long random one, in that server too: a volume keeps the one that it was made with.';
    return [it.problem(`${name} ${reason}.`, todo)];
  });
  const setup = values.PARLEY_OPAQUE_SETUP;
  if (setup && serverKey === undefined) {
    weak.push(
      it.problem(
        'PARLEY_OPAQUE_SETUP is not an OPAQUE server setup: auth does not start.',
        'Take it from the backup of .env; only without accounts: remove the line, then npm run env.',
      ),
    );
  }
  return weak;
}

function versionFindings(version: string | undefined): Finding[] {
  if (!version || version === PARLEY_VERSION) return [];
  const says = `PARLEY_VERSION is ${version}, and this folder holds Parley ${PARLEY_VERSION}.`;
  return [
    it.warning(
      says,
      `To run this one: PARLEY_VERSION=${PARLEY_VERSION} in .env, then docker compose up -d --build --wait.`,
    ),
  ];
}

async function publicKeyOf(setup: string | undefined, domain: string): Promise<string | undefined> {
  if (!setup) return undefined;
  try {
    return (await OpaqueServer.open(setup, domain)).publicKey;
  } catch {
    return undefined; // it is none, which is said among the secrets
  }
}
