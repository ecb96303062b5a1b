// Alert rules, dashboard and the manual speak of the same metrics and the same alerts. That these metrics exist, at the services that the
// manual names, is shown by test/metrics.test.ts on real servers; that the rules mean what they say, by promtool (alerts.test.yml).
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..');
const SERVICES = ['gateway', 'auth', 'groups', 'delivery'];
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const rulesFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Parley[A-Z]\w+$/),
          expr: z.string(),
          for: z.string().regex(/^\d+[mhd]$/),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
          // One sentence.
          annotations: z.strictObject({
            summary: z.string().regex(/^(?:(?!\. ).)+\.$/),
            runbook: z.literal('docs/OPERATING.md#alerts'),
          }),
        }),
      ),
    }),
  ),
});
const rules = rulesFile.parse(parse(read('operating/prometheus/alerts.yml'))).groups.flatMap((group) => group.rules);

const place = z.object({ x: z.int(), y: z.int(), w: z.int().positive(), h: z.int().positive() });
const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.string().regex(/^\$\{datasource\}$/) });
const dashboardFile = z.object({
  title: z.literal('Parley'),
  schemaVersion: z.int().min(39),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
  panels: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('row'), id: z.int(), title: z.string(), gridPos: place }),
      z.object({
        type: z.literal('timeseries'),
        id: z.int(),
        title: z.string(),
        gridPos: place,
        datasource,
        targets: z.array(z.object({ refId: z.string(), datasource, expr: z.string() })).nonempty(),
      }),
    ]),
  ),
});
const dashboard = dashboardFile.parse(JSON.parse(read('operating/grafana/parley.json')));
const expressions = dashboard.panels
  .flatMap((panel) => (panel.type === 'row' ? [] : panel.targets))
  .map(({ expr }) => expr);

const manual = read('docs/OPERATING.md');
/** Each metric of the manual's table, with the services that have it. */
const documented = new Map(
  [...manual.matchAll(/^\| `(parley_\w+)` \| ([a-z, ]+) \|/gm)].map(([, name = '', where = '']) => [
    name,
    where.split(', '),
  ]),
);

/** The metrics of Parley in an expression, as the manual names them, each with the service that its selector asks for. */
function metricsIn(expression: string): { readonly name: string; readonly services: readonly string[] }[] {
  return [...expression.matchAll(/\b(parley_\w+?)(?:_bucket|_count|_sum)?\b(?:\{([^}]*)\})?/g)].map(
    ([, name = '', selector]) => {
      const wanted = /service="(\w+)"/.exec(selector ?? '')?.[1];
      return { name, services: wanted === undefined ? [] : [wanted] };
    },
  );
}

/** Which of them the manual does not have, or not of that service. */
function unknownIn(expression: string): string[] {
  return metricsIn(expression).flatMap(({ name, services }) => {
    const where = documented.get(name);
    if (!where) return [name];
    const of = where.flatMap((one) => (one === 'all' ? [...SERVICES, 'server'] : one === 'apart' ? SERVICES : [one]));
    return services.filter((service) => !of.includes(service)).map((service) => `${name} of ${service}`);
  });
}

describe('the alert rules', () => {
  test('ask for metrics that the manual has', () => {
    expect(rules.length).toBeGreaterThan(20);
    for (const { alert, expr } of rules) expect([alert, unknownIn(expr)]).toEqual([alert, []]);
    expect(unknownIn('rate(parley_turns_bucket{service="auth"}[5m]) > parley_sessions{service="auth"}')).toEqual([
      'parley_turns',
      'parley_sessions of auth',
    ]);
  });

  test('have a paragraph each in the manual, and the manual has no other', () => {
    const section = /\n### Alerts\n([\s\S]*?)\n## /.exec(manual)?.[1] ?? '';
    const explained = [...section.matchAll(/^- (?:\*\*\w+\*\*(?: \(\w+\))?,? ?)+/gm)].flatMap(([head]) =>
      [...head.matchAll(/\*\*(\w+)\*\*/g)].map(([, name = '']) => name),
    );
    expect(explained.sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });

  test('have the severity that the manual says', () => {
    const said = new Map(
      manual
        .split('\n')
        .filter((line) => line.startsWith('- **Parley'))
        .flatMap((line) => {
          const parts = [...line.matchAll(/\*\*(Parley\w+)\*\*(?: \((\w+)\))?/g)];
          const last = parts.map(([, , severity]) => severity).findLast((severity) => severity !== undefined);
          return parts.map(([, name, severity]) => [name, severity ?? last] as const);
        }),
    );
    for (const { alert, labels } of rules) expect([alert, said.get(alert)]).toEqual([alert, labels.severity]);
  });

  test('are tried by promtool, each until it fires', () => {
    const { tests } = parse(read('operating/prometheus/alerts.test.yml'));
    const firing = new Set(
      z
        .array(
          z.object({
            alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.unknown().optional() })),
          }),
        )
        .parse(tests)
        .flatMap(({ alert_rule_test: tries }) => tries)
        .flatMap(({ alertname, exp_alerts: expected }) => (expected ? [alertname] : [])),
    );
    expect([...firing].sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });
});

describe('the dashboard', () => {
  test('shows every metric of the manual, and no other', () => {
    for (const expr of expressions) expect([expr, unknownIn(expr)]).toEqual([expr, []]);
    const shown = new Set(expressions.flatMap(metricsIn).map(({ name }) => name));
    expect([...documented.keys()].filter((name) => !shown.has(name))).toEqual([]);
  });

  test('has panels of different numbers that do not overlap, below rows', () => {
    const { panels } = dashboard;
    expect(panels[0]?.type).toBe('row');
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x >= 0 && x + w <= 24)).toBe(true);
  });

  test('uses the variables that it has', () => {
    const has = dashboard.templating.list.map(({ name }) => name);
    const uses = read('operating/grafana/parley.json').matchAll(/\$\{?(\w+)\}?/g);
    const builtIn = /^__/;
    expect([...new Set([...uses].map(([, name = '']) => name).filter((name) => !builtIn.test(name)))].sort()).toEqual(
      has.sort(),
    );
  });
});

test('every file that compose.watch.yaml, Prometheus and Grafana name is there', () => {
  const overlay = parse(read('compose.watch.yaml'));
  const folders = Object.values<{ volumes?: string[] }>(overlay.services)
    .flatMap(({ volumes = [] }) => volumes)
    .flatMap((volume) => (volume.startsWith('./') ? [volume.slice(2).split(':')[0] ?? ''] : []));
  expect(folders.length).toBeGreaterThan(0);
  for (const folder of folders)
    expect([folder, globSync(`${folder}/**/*.{yml,json}`, { cwd: ROOT }).length > 0]).toEqual([folder, true]);
  const prometheus = parse(read('operating/prometheus/prometheus.yml'));
  for (const file of prometheus.rule_files) expect(() => read(`operating/prometheus/${file}`)).not.toThrow();
  expect(prometheus.scrape_configs[0].dns_sd_configs[0].names).toEqual(SERVICES);
});
