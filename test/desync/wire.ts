// What a recorded byte stream says, read by a decoder of its own: the tests must not judge the parser with the parser. It is plain and
// strict about line ends; it accepts only CRLF, no folding and `name: value`.

/** One message as facts. `head` holds lower-case `name: value` lines behind the start line, framing and connection apart. */
export interface Facts {
  startLine: string;
  fields: string[];
  /** Lower-case options of all `connection` fields, sorted. */
  connection: string[];
  framing: string;
  body: string;
  trailers: string[];
  complete: boolean;
}

export interface Decoded {
  messages: Facts[];
  /** Ways in which a message is not in the one canonical form. */
  looseness: string[];
  /** Bytes that are no message. */
  rest: string;
}

interface Head {
  startLine: string;
  lines: [string, string][];
  bytes: number;
  looseness: string[];
}

function decodeHead(text: string): Head | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [startLine, ...rest] = text.slice(0, end).split('\r\n');
  const looseness: string[] = [];
  const lines = rest.map((line): [string, string] => {
    const colon = line.indexOf(': ');
    if (colon < 1) looseness.push(`line ${JSON.stringify(line)}`);
    const name = line.slice(0, colon);
    if (name !== name.toLowerCase()) looseness.push(`name ${name} is not in lower case`);
    return [name.toLowerCase(), line.slice(colon + 2)];
  });
  if (/[\r\n\0]/.test(text.slice(0, end).replaceAll('\r\n', ''))) looseness.push('CR, LF or NUL inside a line');
  return { startLine: startLine, lines, bytes: end + 4, looseness };
}

const elements = (value: string): string[] =>
  value
    .split(',')
    .map((e) => e.trim().toLowerCase())
    .filter((e) => e !== '');

/** Framing as the fields say it, however they are written. */
function framingOf(head: Head): { framing: string; length: number } {
  const codings = head.lines.filter(([name]) => name === 'transfer-encoding').flatMap(([, value]) => elements(value));
  const lengths = head.lines.filter(([name]) => name === 'content-length').map(([, value]) => value);
  const coded = head.lines.filter(([name]) => name === 'transfer-encoding');
  if (coded.length > 1 || (coded.length === 1 && coded[0][1] !== 'chunked'))
    head.looseness.push(`transfer-encoding ${JSON.stringify(coded.map((c) => c[1]))}`);
  if (lengths.length > 1 || (lengths.length === 1 && !/^(0|[1-9][0-9]*)$/.test(lengths[0])))
    head.looseness.push(`content-length ${JSON.stringify(lengths)}`);
  if (coded.length > 0 && lengths.length > 0) head.looseness.push('both framings');
  if (codings.length > 0) return { framing: codings.join(','), length: 0 };
  if (lengths.length > 0) return { framing: `length ${BigInt(lengths[0])}`, length: Number(lengths[0]) };
  return { framing: 'none', length: 0 };
}

/** Payload, trailers and end of a chunked body at `start`. */
function decodeChunked(
  text: string,
  start: number,
  looseness: string[],
): { body: string; trailers: string[]; end: number; complete: boolean } {
  let body = '';
  let at = start;
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return { body, trailers: [], end: text.length, complete: false };
    const size = text.slice(at, line);
    if (!/^(0|[1-9A-Fa-f][0-9A-Fa-f]*)$/.test(size)) {
      looseness.push(`chunk size ${JSON.stringify(size)}`);
      return { body, trailers: [], end: text.length, complete: false };
    }
    const length = parseInt(size, 16);
    at = line + 2;
    if (length === 0) {
      const end = text.startsWith('\r\n', at) ? at : text.indexOf('\r\n\r\n', at) + 2;
      if (end < at) return { body, trailers: [], end: text.length, complete: false };
      return { body, trailers: end === at ? [] : text.slice(at, end - 2).split('\r\n'), end: end + 2, complete: true };
    }
    body += text.slice(at, at + length);
    at += length;
    if (text.length < at + 2) return { body, trailers: [], end: text.length, complete: false };
    if (text.slice(at, at + 2) !== '\r\n') looseness.push('no CRLF behind a chunk');
    at += 2;
  }
}

/** How the start line and the framing fields make a body; `closed`: nothing more will come. */
type BodyRule = (startLine: string, framing: string) => 'fields' | 'none' | 'rest';

function decode(text: string, closed: boolean, rule: BodyRule): Decoded {
  const decoded: Decoded = { messages: [], looseness: [], rest: '' };
  let at = 0;
  while (at < text.length) {
    const head = decodeHead(text.slice(at));
    if (head === undefined) {
      decoded.rest = text.slice(at);
      break;
    }
    const { framing, length } = framingOf(head);
    const facts: Facts = {
      startLine: head.startLine,
      fields: head.lines
        .filter(([name]) => !['connection', 'content-length', 'transfer-encoding'].includes(name))
        .map(([name, value]) => `${name}: ${value}`),
      connection: head.lines
        .filter(([name]) => name === 'connection')
        .flatMap(([, value]) => elements(value))
        .sort(),
      framing,
      body: '',
      trailers: [],
      complete: true,
    };
    at += head.bytes;
    const how = rule(head.startLine, framing);
    if (how === 'rest') {
      facts.body = text.slice(at);
      facts.complete = closed;
      at = text.length;
    } else if (how === 'fields' && framing === 'chunked') {
      const chunked = decodeChunked(text, at, head.looseness);
      Object.assign(facts, { body: chunked.body, trailers: chunked.trailers, complete: chunked.complete });
      at = chunked.end;
    } else if (how === 'fields' && length > 0) {
      facts.body = text.slice(at, at + length);
      facts.complete = facts.body.length === length;
      at += facts.body.length;
    }
    decoded.looseness.push(...head.looseness);
    decoded.messages.push(facts);
  }
  return decoded;
}

/** Requests that a server received on one connection. `tunnel`: what follows a CONNECT or an upgrade is the tunnel's. */
export function decodeRequests(text: string, tunnel: boolean): Decoded {
  return decode(text, true, (line) =>
    tunnel && (line.startsWith('CONNECT ') || line.includes('/upgrade')) ? 'rest' : 'fields',
  );
}

/** Responses that a client received on one connection that then closed; `method` is the first request's. */
export function decodeResponses(text: string, method: string): Decoded {
  return decode(text, true, (line, framing) => {
    const status = Number(line.split(' ')[1]);
    // Below 100 there is no class that would say whether a body follows.
    if (status === 101 || status < 100 || (method === 'CONNECT' && status >= 200 && status < 300)) return 'rest';
    if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return 'none';
    return framing === 'none' ? 'rest' : 'fields';
  });
}
