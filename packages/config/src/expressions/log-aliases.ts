/** The variables of log formats (manual section 8.2.6): names, what they are, and which of them need mode HTTP. */

export interface LogAlias {
  readonly name: string;
  readonly meaning: string;
  /** Refused in log formats of TCP proxies. */
  readonly httpOnly: boolean;
}

const HTTP_ONLY = new Set('CC CS HM HP HPO HQ HU HV Ta Ti Tq TR Tr r tr trg trl'.split(' '));

/** Names with their meaning, one a line. `o` carries flags only and is not listed. */
const ALIASES = `
B bytes from server to client
CC captured request cookie
CS captured response cookie
H host name
HM HTTP method
HP HTTP request URI without query string
HPO HTTP path without host and query
HQ HTTP query string with its question mark
HU HTTP request URI
HV HTTP version
ID unique id
ST status
T date and time, GMT
Ta active time of the request
Tc time to connect
Td data transfer time
Tl date and time, local
Th handshake time
Ti idle time before the request
Tq handshake, idle and request time
TR time to receive the request
Tr response time
Ts timestamp
Tt total time
Tu total time without idle time
Tw time in queues
U bytes from client to server
ac connections of the process
b backend
bc connections of the backend
bi source address towards the server
bp source port towards the server
bq position in the backend's queue
ci client address
cp client port
f frontend
fc connections of the frontend
fi address that the client reached
fp port that the client reached
ft frontend, with ~ for TLS
lc log counter of the frontend
hr captured request headers
hrl captured request headers, CLF
hs captured response headers
hsl captured response headers, CLF
ms milliseconds of the accept date
pid process id
r request line
rc retries
rt request counter
s server
sc connections of the server
si server address
sp server port
sq position in the server's queue
sslc TLS cipher
sslv TLS version
t date and time of the accept
tr date and time of the request
trg date and time of the request, GMT
trl date and time of the request, local
ts termination state
tsc termination state with cookie state`;

/** All aliases by name. */
export const LOG_ALIASES: ReadonlyMap<string, LogAlias> = new Map(
  ALIASES.trim()
    .split('\n')
    .map((line) => {
      const blank = line.indexOf(' ');
      const name = line.slice(0, blank);
      return [name, { name, meaning: line.slice(blank + 1), httpOnly: HTTP_ONLY.has(name) }];
    }),
);
