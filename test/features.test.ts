// docs/FEATURES.md claims nothing without a test: each of its rows names tests that exist, or says that it is not built yet.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const MISSING = 'not yet';
/** A file of tests, of the stack too, or a contract suite, and a name of a test in it. */
const NAMED = /^`([\w./-]+\.(?:test|contract|compose)\.ts)` › (.+)$/;

/** The last cells of the tables, without their heads. */
function claimsIn(document: string): { row: string; claim: string }[] {
  const tables = document.split(/\n\n+/).filter((block) => block.startsWith('|'));
  return tables.flatMap((table) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map((row) => ({ row, claim: row.split('|').at(-2)?.trim() ?? '' })),
  );
}

/** The names of the tests in a source as they are written there, with the placeholders of `test.each`; what a program puts in is a `…`. */
function testsIn(source: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(?:it|test)$/.test(called(node.expression))) {
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) names.add(title.text);
      else if (title !== undefined && ts.isTemplateExpression(title)) names.add(withoutValues(title));
    }
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile('', source, ts.ScriptTarget.Latest, true));
  return names;
}

function withoutValues({ head, templateSpans }: ts.TemplateExpression): string {
  return [head, ...templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join('…');
}

/** What `it`, `it.each(…)` and `it.skipIf(…)` are calls of. */
function called(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  const outer = ts.isCallExpression(expression) || ts.isPropertyAccessExpression(expression);
  return outer ? called(expression.expression) : '';
}

/** Why a claim is not shown by what it names. */
function faultsOf(claim: string): string[] {
  if (claim === MISSING) return [];
  return claim.split('<br>').flatMap((named) => {
    const [, file = '', name = ''] = NAMED.exec(named) ?? [];
    if (file === '') return [`names no test: ${named}`];
    if (!existsSync(join(ROOT, file))) return [`there is no ${file}`];
    return testsIn(readFileSync(join(ROOT, file), 'utf8')).has(name) ? [] : [`${file} has no test: ${name}`];
  });
}

test('every row of docs/FEATURES.md names tests that exist, or says that it is not yet', () => {
  const claims = claimsIn(readFileSync(join(ROOT, 'docs/FEATURES.md'), 'utf8'));
  expect(claims.length).toBeGreaterThan(0);
  const faults = claims.flatMap(({ row, claim }) => faultsOf(claim).map((fault) => `${row}\n  ${fault}`));
  expect(faults).toEqual([]);
});

test('a row without a test, with a file or with a name that there is not is a fault', () => {
  const here = 'test/features.test.ts';
  const table = `| what | shown by |\n|---|---|\n| a | ${MISSING} |\n| b | |\n| c | \`${here}\` › nothing |`;
  expect(claimsIn(table).map(({ claim }) => faultsOf(claim).length)).toEqual([0, 1, 1]);
  expect(faultsOf('`test/absent.test.ts` › any')).toEqual(['there is no test/absent.test.ts']);
  expect(
    faultsOf(`\`${here}\` › every row of docs/FEATURES.md names tests that exist, or says that it is not yet`),
  ).toEqual([]);
});

test('names of tests are found however they are written', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a source
  const source = "it('a', f); test.each([1])('b %s', f); it.skipIf(x)(`c ${d} e`, f); describe('f', g); split('h');";
  expect([...testsIn(source)]).toEqual(['a', 'b %s', 'c … e']);
});
