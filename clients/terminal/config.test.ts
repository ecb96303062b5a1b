import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { commandLine, personsPath, readConfig } from './config.ts';

it('options count before the environment, and there is a default for each', () => {
  expect(readConfig({}, {})).toMatchObject({ profile: join(homedir(), '.parley'), servers: [], json: false });
  const environment = { PARLEY_PROFILE: '/p/env', PARLEY_SERVER: 'ws://a:1, wss://b', PARLEY_PASSWORD: 'secret' };
  expect(readConfig({}, environment)).toMatchObject({
    profile: '/p/env',
    servers: ['ws://a:1', 'wss://b'],
    password: 'secret',
  });
  expect(readConfig({ profile: '/p/option', server: ['wss://c/'] }, environment)).toMatchObject({
    ...{ profile: '/p/option', servers: ['wss://c'] },
  });
});

it('a server that is no WebSocket address is a usage error', () => {
  for (const server of ['localhost:7070', 'http://a', 'ws://', '']) {
    expect(() => readConfig({ server: [server] }, {})).toThrow("is not a server's address");
  }
});

it('a relative path is meant from where the person stands, also when npm has gone elsewhere', () => {
  const elsewhere = { INIT_CWD: '/home/al/notes' };
  expect(personsPath('p', { ...elsewhere, npm_lifecycle_event: 'parley' })).toBe('/home/al/notes/p');
  expect(personsPath('p', { ...elsewhere, npm_lifecycle_event: 'test' })).toBe(resolve('p'));
  expect(personsPath('/abs', { ...elsewhere, npm_lifecycle_event: 'parley' })).toBe('/abs');
});

it('a further command is shown as it has to be typed', () => {
  const shown = (profile?: string) =>
    commandLine(readConfig(profile === undefined ? {} : { profile }, {}), 'verify bo');
  expect(shown()).toBe('npm run -s parley -- verify bo');
  expect(shown('/home/al/al')).toBe('npm run -s parley -- verify bo --profile /home/al/al');
  expect(shown("al's place")).toBe("npm run -s parley -- verify bo --profile 'al'\\''s place'");
  expect(commandLine(readConfig({}, { PARLEY_PROFILE: '/p' }), 'verify bo')).toBe('npm run -s parley -- verify bo');
});
