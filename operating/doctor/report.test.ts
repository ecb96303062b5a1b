// What is found is shown as it is, and nothing in it reaches the terminal as more than text.
import { expect, test } from 'vitest';
import { about } from './finding.ts';
import { Report } from './report.ts';

/** A name that a server gives itself, in a certificate, in its properties or as the reason why it closes. */
const HOSTILE = 'RabbitMQ\u001b]0;owned\u0007\u009b2J\u202e\nok       door           all is well';

function shown(json: boolean): string {
  let text = '';
  const report = new Report(
    json,
    (all) => all,
    (some) => {
      text += some;
    },
  );
  report.add(about('rabbitmq').problem(`${HOSTILE} does not answer.`, `Look at ${HOSTILE}.`));
  return text;
}

test.each([false, true])('what a server says of itself moves no cursor and makes no line (JSON: %s)', (json) => {
  const text = shown(json);
  expect(text.trim().split('\n')).toHaveLength(json ? 1 : 2);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});

test('JSON keeps the value', () => {
  expect(JSON.parse(shown(true))).toMatchObject({ says: `${HOSTILE} does not answer.` });
});
