import { expect, test } from 'vitest';
import { missing, nameStore } from './distributed.ts';

test('the first server that is not given is named', () => {
  const all = {
    PARLEY_TEST_AMQP_URL: 'amqp://a',
    PARLEY_TEST_MONGO_URL: 'mongodb://a',
    PARLEY_TEST_NATS_URL: 'nats://a',
  };
  expect(missing(all)).toBeUndefined();
  expect(missing({})).toBe('PARLEY_TEST_AMQP_URL is not set');
  expect(missing({ ...all, PARLEY_TEST_NATS_URL: '' })).toBe('PARLEY_TEST_NATS_URL is not set');
});

test('a stand-in for MongoDB is called one', () => {
  expect(nameStore({ version: '8.0.4', ok: 1 })).toBe('MongoDB 8.0.4');
  expect(nameStore({ version: '7.0.42', ferretdbVersion: 'v1.24.0' })).toBe('FerretDB v1.24.0, a stand-in for MongoDB');
  expect(nameStore({ version: '7.0.77', ferretdb: { version: 'v2.1.0' } })).toMatch('stand-in');
});
