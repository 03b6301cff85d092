// The `Connection` field and what hangs on it (RFC 9110, 7.6.1 and 7.8; `TE`: 10.1.4), as HAProxy forwards it: `close` and
// `keep-alive` are taken out because each side's connection is decided anew, other options stay.
import { trimBlanks, type FieldScan } from './fields.ts';
import type { HeaderList } from './header-list.ts';
import { connection } from './known-names.ts';

/** What the `Connection` fields of one message say. */
export class ConnectionOptions {
  close = false;
  keepAlive = false;
  upgrade = false;
}

/**
 * Reads all `connection` fields into `options` and leaves in the list only the options that are forwarded. Besides `close` and
 * `keep-alive`, the names of framing and routing fields are taken out: a proxy behind that obeys `Connection:
 * content-length` by removing that field would see another message than this one.
 */
export function takeConnectionOptions(headers: HeaderList, options: ConnectionOptions): void {
  for (let index = headers.indexOf('connection'); index >= 0; index = headers.indexOf('connection', index)) {
    const value = headers.valueAt(index);
    const kept: string[] = [];
    let removed = false;
    for (const element of value.split(',')) {
      const option = trimBlanks(element);
      switch (option.toLowerCase()) {
        case 'close':
          options.close = true;
          removed = true;
          break;
        case 'keep-alive':
          options.keepAlive = true;
          removed = true;
          break;
        case 'content-length':
        case 'transfer-encoding':
        case 'host':
        case '':
          removed = true;
          break;
        case 'upgrade':
          options.upgrade = true;
          kept.push(option);
          break;
        default:
          kept.push(option);
      }
    }
    if (kept.length === 0) {
      headers.removeAt(index);
      continue;
    }
    if (removed) headers.replaceValueAt(index, kept.join(', '));
    index++;
  }
}

const nothingAsked = new ConnectionOptions();
Object.freeze(nothingAsked);

/** What a scanned head asks of its connection, with the `connection` fields reduced to what is forwarded. */
export function settleConnection(scan: FieldScan, headers: HeaderList): Readonly<ConnectionOptions> {
  if ((scan.seen & (1 << connection)) === 0) return nothingAsked;
  const options = new ConnectionOptions();
  options.close = scan.close;
  options.keepAlive = scan.keepAlive;
  takeConnectionOptions(headers, options);
  return options;
}

/** Lower-case elements of all fields called `name`, without parameters being looked at; empty elements are left out. */
export function listTokens(headers: HeaderList, name: string): string[] {
  const tokens: string[] = [];
  for (let index = headers.indexOf(name); index >= 0; index = headers.indexOf(name, index + 1)) {
    for (const element of headers.valueAt(index).split(',')) {
      const token = trimBlanks(element).toLowerCase();
      if (token !== '') tokens.push(token);
    }
  }
  return tokens;
}

/** Reduces all `te` fields to one `te: trailers` when that element is among them, else to none: a proxy forwards no other. */
export function reduceTe(headers: HeaderList): void {
  const first = headers.indexOf('te');
  if (headers.valueAt(first) === 'trailers' && headers.indexOf('te', first + 1) < 0) return;
  const trailers = headers
    .values('te')
    .some((value) => value.split(',').some((element) => trimBlanks(element) === 'trailers'));
  headers.removeAll('te');
  if (trailers) headers.add('te', 'trailers');
}
