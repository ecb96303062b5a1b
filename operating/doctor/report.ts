// How findings are shown: a line each and what to do below it, or JSON; and at the end how many there are of each kind. Findings quote servers,
// stores and certificates, which may be anybody's.
import { jsonLine, visible } from '#protocol/visible.ts';
import { counted, type Finding, type Level } from './finding.ts';

const CHECK_CHARS = 14;
const LEVEL_CHARS = 8;

export class Report {
  readonly #json: boolean;
  readonly #write: (text: string) => void;
  readonly #hide: (text: string) => string;
  readonly #counts: Record<Level, number> = { ok: 0, warning: 0, problem: 0 };

  /** `hide`: makes any text fit to be shown. */
  constructor(json: boolean, hide: (text: string) => string, write: (text: string) => void) {
    this.#json = json;
    this.#hide = hide;
    this.#write = write;
  }

  add(finding: Finding): void {
    this.#counts[finding.level] += 1;
    this.#write(this.#hide(this.#json ? `${jsonLine(finding)}\n` : lines(finding)));
  }

  /** Returns how many problems there are. */
  end(): number {
    const { ok, warning, problem } = this.#counts;
    if (!this.#json) this.#write(`${counted(problem, 'problem')}, ${counted(warning, 'warning')}, ${ok} ok.\n`);
    return problem;
  }
}

function lines({ check, level, says, todo }: Finding): string {
  const first = `${level.padEnd(LEVEL_CHARS)} ${check.padEnd(CHECK_CHARS)} ${visible(says)}\n`;
  return todo === undefined ? first : `${first}${' '.repeat(LEVEL_CHARS + CHECK_CHARS + 2)}→ ${visible(todo)}\n`;
}
