// Names of files, as strangers choose them: whatever it is, it becomes one harmless file of the folder.
import { basename, join, posix, resolve, win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberedName, SAFE_NAME_MAX_BYTES, safeFileName } from './file-name.ts';

const safe = (name: string, type = 'application/octet-stream') => safeFileName({ name, type });
const bytesOf = (name: string) => Buffer.byteLength(name);

/** What strangers are likely to put together, and anything else. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom('..', '.', '/', '\\', ':', 'CON', 'com1', ' ', '\u0000', '\u202e', '\u200b', '~', '-', '\n'),
      fc.constantFrom('\u0301', '\u0338', '\u3164', '👩‍👩‍👧', '\ud800', 'ａ', 'ﷺ', '.txt', '\uff0f', '\u2215'),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme', minLength: 60, maxLength: 200 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('a name becomes', () => {
  test.each([
    ['../../.ssh/authorized_keys', 'authorized_keys'],
    ['..\\..\\Windows\\win.ini', 'win.ini'],
    ['/etc/passwd', 'passwd'],
    ['C:autoexec.bat', 'C_autoexec.bat'],
    ['notes.txt:hidden', 'notes.txt_hidden'],
    ['a/b/', 'b'],
    ['.bashrc', 'bashrc'],
    ['-rf', 'rf'],
    ['~', 'file'],
    ['report.pdf. . .', 'report.pdf'],
    ['photo\u202egnp.exe', 'photognp.exe'],
    ['zero\u200bwidth\ufeff.txt', 'zerowidth.txt'],
    ['\u001b]0;title\u0007.txt', ']0;title .txt'],
    ['a\nb\tc.txt', 'a b c.txt'],
    [`invoice.pdf${' '.repeat(100)}.exe`, 'invoice.pdf .exe'],
    ['what? "why" <how>|*.md', 'what_ _why_ _how___.md'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['COM1 .log', '_COM1 .log'],
    ['com¹', '_com¹'],
    ['console.log', 'console.log'],
    ['e\u0301te\u0301.jpg', '\u00e9t\u00e9.jpg'],
    ['\u0301accent.txt', 'accent.txt'],
    ['عربي.pdf', 'عربي.pdf'],
    ['日本語 レポート.docx', '日本語 レポート.docx'],
    ['archive.tar.gz', 'archive.tar.gz'],
  ])('%j %j', (name, expected) => {
    expect(safe(name)).toBe(expected);
  });

  test.each([
    ['..', 'image/png', 'image.png'],
    ['\u202e', 'text/plain', 'file.txt'],
    ['///', 'application/x-made-up', 'file'],
    ['. .', 'video/x-made-up', 'video'],
  ])('where nothing of %j is left, of type %j, %j', (name, type, expected) => {
    expect(safe(name, type)).toBe(expected);
  });
});

describe('a name that is too long', () => {
  test('keeps its extension and loses whole characters', () => {
    expect(safe(`${'a'.repeat(300)}.jpeg`)).toBe(`${'a'.repeat(250)}.jpeg`);
    const accents = safe(`${'é'.repeat(300)}.jpeg`);
    expect(accents).toBe(`${'é'.repeat(125)}.jpeg`);
    expect(safe(`${'🇩🇪'.repeat(40)}.png`)).toBe(`${'🇩🇪'.repeat(31)}.png`);
  });

  test('and whose last dot stands far from its end has no extension', () => {
    expect(safe(`a.${'b'.repeat(300)}`)).toBe(`a.${'b'.repeat(253)}`);
  });

  test('and is one character is named after its type', () => {
    expect(safe(`a${'\u0301'.repeat(400)}`, 'image/gif')).toBe('image.gif');
  });
});

test('a further file of the same name gets a number before its extension, within what a name may have', () => {
  expect(numberedName('holiday.jpg', 2)).toBe('holiday (2).jpg');
  expect(numberedName('Makefile', 13)).toBe('Makefile (13)');
  const long = safe(`${'a'.repeat(300)}.jpeg`);
  expect(numberedName(long, 2)).toBe(`${'a'.repeat(246)} (2).jpeg`);
});

describe('whatever a sender writes', () => {
  const names = fc.oneof(
    hostile,
    hostile.map((name) => numberedName(safe(name), 2)),
  );

  test('the name is one file inside any folder, on each platform', () => {
    fc.assert(
      fc.property(names, fc.constantFrom('/home/al/Downloads', '/', '/a b'), (sent, folder) => {
        const name = safe(sent);
        expect(basename(name)).toBe(name);
        expect(win32.basename(name)).toBe(name);
        expect(resolve(folder, name)).toBe(join(folder, name));
        expect(posix.dirname(posix.join(folder, name))).toBe(folder);
        expect(win32.isAbsolute(name)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('it is 1 to 255 bytes long, in NFC, and has nothing that is unseen or reserved', () => {
    fc.assert(
      fc.property(names, (sent) => {
        for (const name of [safe(sent), numberedName(safe(sent), 9_999)]) {
          expect(bytesOf(name)).toBeGreaterThan(0);
          expect(bytesOf(name)).toBeLessThanOrEqual(SAFE_NAME_MAX_BYTES);
          expect(name.normalize('NFC')).toBe(name);
          expect(name).not.toMatch(/[\p{C}\p{Bidi_Control}\p{Zl}\p{Zp}<>:"|?*/\\]/u);
          expect(name).not.toMatch(/^[-.~\s\p{M}]|[.\s]$/u);
          expect(name).not.toMatch(/^(con|nul|aux|prn|com\d|lpt\d)\s*(\.|$)/i);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a safe name stays as it is', () => {
    fc.assert(
      fc.property(names, fc.constantFrom('image/png', 'a/b'), (sent, type) => {
        const name = safe(sent, type);
        expect(safe(name, type)).toBe(name);
      }),
      { numRuns: 500 },
    );
  });
});
