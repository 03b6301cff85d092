// The answers that are sent where the configuration has none of its own: for each status the bytes that HAProxy 2.6
// sends, since clients and checks are known to look at them.

/** Reason phrase and the sentence of the page. Some phrases differ from those of reasons.ts; both are HAProxy's. */
const PAGES: Readonly<Record<number, readonly [reason: string, sentence: string]>> = {
  200: ['OK', 'Service ready.'],
  400: ['Bad request', 'Your browser sent an invalid request.'],
  401: ['Unauthorized', 'You need a valid user and password to access this content.'],
  403: ['Forbidden', 'Request forbidden by administrative rules.'],
  404: ['Not Found', 'The resource could not be found.'],
  405: ['Method Not Allowed', 'A request was made of a resource using a request method not supported by that resource'],
  407: ['Unauthorized', 'You need a valid user and password to access this content.'],
  408: ['Request Time-out', "Your browser didn't send a complete request in time."],
  410: ['Gone', 'The resource is no longer available and will not be available again.'],
  413: ['Payload Too Large', 'The request entity exceeds the maximum allowed.'],
  421: ['Misdirected Request', 'Request sent to a non-authoritative server.'],
  422: ['Unprocessable Content', 'The server cannot process the contained instructions.'],
  425: ['Too Early', 'Your browser sent early data.'],
  429: ['Too Many Requests', 'You have sent too many requests in a given amount of time.'],
  500: ['Internal Server Error', 'An internal server error occurred.'],
  501: ['Not Implemented', '.The server does not support the functionality required to fulfill the request.'],
  502: ['Bad Gateway', 'The server returned an invalid or incomplete response.'],
  503: ['Service Unavailable', 'No server is available to handle this request.'],
  504: ['Gateway Time-out', "The server didn't respond in time."],
};

/** The statuses for which a page exists, and so those that `errorfile` and its kind may replace. */
export const pageStatuses: readonly number[] = Object.keys(PAGES).map(Number);

/** After these the connection is closed: what follows on it cannot be told from the request that failed. */
const CLOSING: readonly number[] = [400, 408];

/** Head and body of the page for a status that has one. */
export function builtinPage(status: number): { readonly head: string; readonly body: string } {
  const [reason, sentence] = PAGES[status];
  const body = `<html><body><h1>${status} ${reason}</h1>\n${sentence}\n</body></html>\n`;
  const connection = CLOSING.includes(status) ? 'connection: close\r\n' : '';
  return {
    head: `HTTP/1.1 ${status} ${reason}\r\ncontent-length: ${body.length}\r\ncache-control: no-cache\r\n${connection}content-type: text/html\r\n\r\n`,
    body,
  };
}

/** The same as it is sent to a client whose request was not even understood: names as HAProxy spells them there, always closing. */
export function builtinRefusal(status: number): string {
  const [reason] = PAGES[status];
  const { body } = builtinPage(status);
  return `HTTP/1.1 ${status} ${reason}\r\nContent-length: ${body.length}\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n${body}`;
}
