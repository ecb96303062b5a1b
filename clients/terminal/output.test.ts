import { describe, expect, it } from 'vitest';
import { OutputClosed } from './exit.ts';
import { Output } from './output.ts';

function captured({ json = false, colour = false, passing = false } = {}) {
  const written = { stdout: '', stderr: '' };
  const output = new Output({
    ...{ json, colour, passing },
    stdout: (text) => {
      written.stdout += text;
    },
    stderr: (text) => {
      written.stderr += text;
    },
  });
  return { output, written };
}

describe('output', () => {
  it('is lines for people, without what a peer would do to the terminal', () => {
    const { output, written } = captured();
    output.show({ type: 'message', text: 'x' }, 'al@localhost: \u001b[2Jfirst\nbo@localhost: second');
    expect(written.stdout).toBe('al@localhost: ␛[2Jfirst\n    bo@localhost: second\n');
  });

  it('is JSON lines only with --json: notes go to standard error', () => {
    const { output, written } = captured({ json: true });
    output.show({ type: 'message', text: 'a\u009b\n' }, 'for people');
    output.say('for people');
    output.note('on the side \u001b');
    expect(written).toEqual({ stdout: '{"type":"message","text":"a\\u009b\\n"}\n', stderr: 'on the side ␛\n' });
  });

  it('takes a passing line away before anything else is written, and has none where nobody sees it', () => {
    const { output, written } = captured({ passing: true });
    output.passing('a\u001b.jpg: 1 of 2');
    output.passing('a.jpg: 2 of 2');
    output.note('done');
    output.passing('');
    const lines = written.stderr.replaceAll('\u001b[?7l', '').replaceAll('\u001b[?7h', '');
    expect(lines).toBe('\r\u001b[2Ka␛.jpg: 1 of 2\r\u001b[2Ka.jpg: 2 of 2\r\u001b[2Kdone\n');
    const other = captured();
    other.output.passing('x');
    expect(other.written.stderr).toBe('');
  });

  it('writes the lines of a document as they are, for programs too, but harmless', () => {
    for (const json of [false, true]) {
      const { output, written } = captured({ json });
      output.line('    indented \u001b[2J');
      expect(written.stdout).toBe('    indented ␛[2J\n');
    }
  });

  it('has styles only where colour is wanted', () => {
    const plain = captured();
    plain.output.show({ type: 'x' }, 'text', 'bold');
    expect(plain.written.stdout).toBe('text\n');
    const coloured = captured({ colour: true });
    coloured.output.show({ type: 'x' }, 'text', 'bold');
    expect(coloured.written.stdout).toBe('\u001b[1mtext\u001b[22m\n');
  });

  it('does not fail when only its notes have no reader', () => {
    const closed = () => {
      throw new OutputClosed();
    };
    const output = new Output({ json: false, colour: false, stdout: closed, stderr: closed });
    expect(() => output.note('x')).not.toThrow();
    expect(() => output.show({ type: 'x' }, 'x')).toThrow(OutputClosed);
  });
});
