// Certificates in files, at any time: the test's own one is valid from 2020 to 2120, for localhost and 127.0.0.1.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from '../../test/tls.fixture.ts';
import { certificateFindings } from './certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-certificate-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const both = file('parley.pem', `${TEST_CERTIFICATE}${TEST_KEY}`);
const found = (at: string, host = 'localhost', cert = both, key = both) =>
  certificateFindings(cert, key, host, Date.parse(at)).map(
    ({ level, says }) => `${level}: ${says.replaceAll(folder, '')}`,
  );

test.each([
  ['is well while it lasts', '2026-11-21', /^ok: .* ends on 2120-01-01, in 34,008 days/],
  ['is a warning three weeks before its end', '2119-12-12', /^warning: .* ends on 2120-01-01, in 20 days/],
  ['is a problem from its end on', '2120-01-01', /^problem: .* ended on 2120-01-01/],
  ['is a problem before its beginning', '2019-12-31', /^problem: .* begins on 2020-01-01/],
])('a certificate %s', (_, at, expected) => {
  expect(found(at)).toEqual([expect.stringMatching(expected)]);
});

test('one for another name is a problem, one for the address of the server is none', () => {
  expect(found('2026-11-21', '127.0.0.1')).toHaveLength(1);
  const other = found('2026-11-21', 'chat.example.org');
  expect(other).toContainEqual(expect.stringMatching(/^problem: .* is for localhost, 127\.0\.0\.1, not for chat/));
});

test('a key of another one, none, or a file that is not there is a problem', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = file('other.pem', String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  expect(found('2026-11-21', 'localhost', both, other)).toContainEqual(
    expect.stringMatching(/^problem: The key in .* is not the one/),
  );
  const none = file('none.pem', 'nothing');
  expect(found('2026-11-21', 'localhost', both, none)).toContainEqual(
    expect.stringMatching(/^problem: .*no private key/),
  );
  expect(found('2026-11-21', 'localhost', none)).toEqual([expect.stringMatching(/^problem: .*no certificate/)]);
  expect(found('2026-11-21', 'localhost', join(folder, 'absent'))).toEqual([
    expect.stringMatching(/^problem: .*ENOENT/),
  ]);
});
