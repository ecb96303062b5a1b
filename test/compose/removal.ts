// Takes away what a run has made, by the names that Compose labels it with: also where a test failed half way, or left only volumes.
import { dockerLines, tryDocker } from './docker.ts';

const LABEL = 'com.docker.compose.project';
/** How each kind of thing is listed, named and removed, in an order in which nothing is still in use. */
const KINDS = [
  { list: ['ps', '--all'], name: '{{.ID}}', remove: ['rm', '--force', '--volumes'] },
  { list: ['network', 'ls'], name: '{{.ID}}', remove: ['network', 'rm'] },
  { list: ['volume', 'ls'], name: '{{.Name}}', remove: ['volume', 'rm', '--force'] },
] as const;

/** Removes containers, networks and volumes of all projects whose names begin so. Returns what Docker refused, in its words. */
export async function removeProjects(prefix: string): Promise<string[]> {
  const refused: string[] = [];
  for (const { list, name, remove } of KINDS) {
    const format = `{{.Label "${LABEL}"}} ${name}`;
    const lines = await dockerLines([...list, '--filter', `label=${LABEL}`, '--format', format]);
    const ours = lines.filter((line) => line.startsWith(prefix)).map((line) => line.split(' ')[1] ?? '');
    if (ours.length === 0) continue;
    const { status, stderr } = await tryDocker([...remove, ...ours]);
    if (status !== 0) refused.push(stderr);
  }
  return refused;
}
