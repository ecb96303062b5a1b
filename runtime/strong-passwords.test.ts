// A deployment does not start on servers that a guess opens; a development machine's own servers may stand open.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ConfigError } from './config.ts';
import { refuseWeakPasswords } from './strong-passwords.ts';

const STRONG = 'k3Jx-9_qLw0Zt7Rb';

describe('a server on another machine', () => {
  test.each([
    ['amqpUrl', 'amqp://rabbitmq', 'is missing'],
    ['amqpUrl', 'amqp://parley@rabbitmq:5672', 'is missing'],
    ['amqpUrl', 'amqp://parley:@rabbitmq:5672', 'is missing'],
    ['amqpUrl', 'amqp://guest:guest@rabbitmq:5672', 'fewer than 16'],
    ['amqpUrl', 'amqps://parley:k3Jx-9_qLw0Zt7R@10.0.0.1', 'fewer than 16'],
    ['amqpUrl', 'amqp://parley:changeme-changeme-2026@rabbitmq', 'words that everybody tries'],
    ['amqpUrl', 'amqp://parley:abababababababababab@rabbitmq', 'repeats'],
    ['amqpUrl', `amqp://${STRONG}:${STRONG}@rabbitmq`, 'is the name'],
    ['amqpUrl', 'amqp://parley:%21%40%23%24%25%5E@rabbitmq', 'fewer than 16'],
    ['amqpUrl', 'amqp://parley:%63hangeme-%63hangeme-2026@rabbitmq', 'words that everybody tries'],
    ['amqpUrl', `amqp://${STRONG}:%6b${STRONG.slice(1)}@rabbitmq`, 'is the name'],
    ['mongoUrl', 'mongodb://mongo:27017/parley', 'is missing'],
    ['mongoUrl', 'mongodb://parley:mongodb@mongo/parley?authSource=admin', 'fewer than 16'],
    ['mongoUrl', 'mongodb://parley:short@127.0.0.1,mongo-2/parley', 'fewer than 16'],
    ['mongoUrl', 'mongodb+srv://parley:PasswordPassword1@cluster.example.org', 'words that everybody tries'],
    ['natsUrl', 'nats://nats:4222', 'is missing'],
    ['natsUrl', 'nats://token@nats:4222', 'fewer than 16'],
    ['natsUrl', 'nats://parley:parley@127.0.0.1:4222,nats://nats:4222', 'fewer than 16'],
    ['natsUrl', 'nats://127.0.0.1.example.org', 'is missing'],
  ])('is not used with a weak password: %s %s', (setting, url, why) => {
    const refused = () => refuseWeakPasswords({ [setting]: url });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(`setting ${setting} `);
    expect(refused).toThrow(why);
    expect(refused).toThrow('npm run env');
    expect(refused).not.toThrow(/k3Jx|short|token@|changeme/);
  });
});

describe('what is taken', () => {
  test.each([
    ['amqpUrl', 'amqp://127.0.0.1'],
    ['amqpUrl', 'amqp://guest:guest@localhost:5672/vhost'],
    ['amqpUrl', 'amqp://[::1]:5672'],
    ['amqpUrl', `amqp://parley:${STRONG}@rabbitmq:5672`],
    ['mongoUrl', 'mongodb://127.0.0.1:27017,localhost:27018/parley?replicaSet=rs'],
    ['mongoUrl', `mongodb://parley:${STRONG}@mongo-1,mongo-2,mongo-3/parley?authSource=admin`],
    ['mongoUrl', 'mongodb://cn%3Dparley@mongo/parley?authMechanism=MONGODB-X509'],
    ['natsUrl', 'nats://127.0.0.1:4222,nats://127.0.0.2:4222'],
    ['natsUrl', `nats://parley:${STRONG}@nats-1:4222,nats-2:4222`],
    ['natsUrl', `tls://${STRONG}@nats:4222`],
  ])('is %s %s', (setting, url) => {
    expect(() => refuseWeakPasswords({ [setting]: url })).not.toThrow();
  });

  test('is whatever is random and long enough', () => {
    for (let index = 0; index < 1_000; index += 1) {
      const password = randomBytes(32).toString('base64url');
      expect(() => refuseWeakPasswords({ amqpUrl: `amqp://parley:${password}@rabbitmq` })).not.toThrow();
    }
  });

  test('is what is no URL at all: whoever connects says that better', () => {
    expect(() => refuseWeakPasswords({ amqpUrl: 'rabbitmq', mongoUrl: '', natsUrl: 'nats://' })).not.toThrow();
  });
});
