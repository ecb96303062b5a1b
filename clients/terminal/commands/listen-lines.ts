// What `listen` prints, as its help tells it.

/** What programs may rely on. All times are RFC 3339 in UTC; a field with a question mark may be absent. */
export const LISTEN_LINES = `
With --json, a line of standard output is one of
  {"type":"message","id","from","device","conversation","text","sentAt","receivedAt"}
  {"type":"message",…,"file":{"name","size","type","width"?,"height"?,"path"?,"contentType"?,"error"?},…}     in place of "text"
                             name, size (bytes), type (MIME), width, height: as its sender says; with --save-to path: where it is,
                             or error: why not; contentType: by its bytes, where they contradict the type
  {"type":"delivered"|"read"|"expired","id","conversation","by","at"}   an own message, and whom it went to
  {"type":"gap","conversation","from","device","first","last","why":"missing"|"missed","at"}
  {"type":"identity","address","change","device"?,"at"}            change: device_added, device_revoked, changed, …
  {"type":"unreadable","reason","from"?,"device"?,"conversation"?,"id"?,"at"}
  {"type":"membership","conversation","change","by","subject"?,"role"?,"policy"?,"at"}
                             change: create, add, remove, join, leave, admin, policy, delete; by: who did it, subject: to whom
  {"type":"group","conversation","change":"forked"|"other_group"|"refused_log","reason"?,"at"}
A conversation is the other person's address, or a group's #name@domain; sentAt is its sender's claim, receivedAt the server's word. Only messages count for --count. Nobody is told that they were read.

What is printed is marked as printed directly after. Ended by kill -9 or a crash just between, it prints that one line
again next time (a line may also be cut off: then it comes again whole); after a power cut it may be a few hundred lines.
Whoever must not act twice remembers the ids of messages. None is ever left out.

With --save-to a message with a file is printed once the file is whole and saved, and what comes after it waits. Ended before
that, it goes on with the file the next time. No file is replaced: a second one of a name gets a number. What a file is called,
where it goes and that it cannot be run is made safe; what is in it is its sender's.`;
