// What an operator passes on with an invitation, shown where a person looks; scripts get the codes alone.

/** `expiresAt` in ms. */
export function howToUse(
  codes: readonly string[],
  {
    domain,
    server,
    expiresAt,
  }: { readonly domain: string; readonly server?: string | undefined; readonly expiresAt: number },
): string {
  const each = codes.length === 1 ? 'It lets' : 'Each lets';
  const until = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ');
  return [
    '',
    `${each} one person sign up until ${until} UTC, with a name of their choice:`,
    `  npm run -s parley -- signup YOURNAME@${domain} --server ${server ?? 'URL'} --invitation ${codes[0]}`,
    '',
  ].join('\n');
}
