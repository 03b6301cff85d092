/** HTTP as people run it: a real nginx behind, curl and a real browser in front. */

import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, freePorts } from '../support/daemon.ts';
import { RawServer, ask } from '../support/http.ts';
import { Nginx } from '../support/nginx.ts';
import { TemporaryFolder, missing, run } from '../support/programs.ts';
import { WebSocketServer } from '../support/websocket.ts';

const MEBIBYTE = 1024 * 1024;
const skip = missing('nginx', 'curl');

interface Setting {
  readonly name: string;
  /** Options that make curl reach the proxy, and the URL's beginning. */
  readonly ways: readonly { readonly name: string; readonly args: readonly string[]; readonly url: string }[];
}

const resources = new AsyncDisposableStack();
let folder = '';
let nginx: Nginx;
const settings: Setting[] = [];
const upload = randomBytes(MEBIBYTE);
const download = randomBytes(10 * MEBIBYTE);

const DEFAULTS = `defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
`;

before(async () => {
  if (skip !== false) return;
  folder = resources.use(new TemporaryFolder()).path;
  nginx = resources.use(await Nginx.start(folder));
  writeFileSync(join(nginx.root, 'small.txt'), 'a small file\n');
  writeFileSync(join(nginx.root, 'large.bin'), download);
  writeFileSync(join(folder, 'upload.bin'), upload);
  const [listenPort, frontendPort] = await freePorts(2);
  resources.use(
    await Daemon.start(
      `global\n    nbthread 1\n${DEFAULTS}listen web\n    bind 127.0.0.1:${listenPort}\n    option forwardfor\n    server s1 127.0.0.1:${nginx.port}\n`,
      { port: listenPort },
    ),
  );
  settings.push({
    name: 'listen',
    ways: [{ name: 'IPv4', args: [], url: `http://127.0.0.1:${listenPort}` }],
  });
  const six = hasIpv6();
  const frontend = resources.use(
    await Daemon.start(
      `global\n    nbthread 2\n${DEFAULTS}frontend web
    bind 127.0.0.1:${frontendPort}${six ? `\n    bind [::1]:${frontendPort}` : ''}
    bind unix@FOLDER/web.sock mode 666
    option forwardfor
    default_backend nginx
backend nginx
    balance roundrobin
    server s1 127.0.0.1:${nginx.port}
    server s2 127.0.0.1:${nginx.port}
`,
      { port: frontendPort },
    ),
  );
  settings.push({
    name: 'frontend and backend',
    ways: [
      { name: 'IPv4', args: [], url: `http://127.0.0.1:${frontendPort}` },
      ...(six ? [{ name: 'IPv6', args: ['-g'], url: `http://[::1]:${frontendPort}` }] : []),
      { name: 'Unix', args: ['--unix-socket', join(frontend.folder, 'web.sock')], url: 'http://web.example' },
    ],
  });
});

after(async () => await resources.disposeAsync());

function hasIpv6(): boolean {
  return (
    existsSync('/proc/net/if_inet6') &&
    readFileSync('/proc/net/if_inet6', 'latin1').includes('00000000000000000000000000000001')
  );
}

/** Asks for a path with more arguments of curl; resolves with the standard output, and the error output under `-v`. */
type Curl = (
  path: string,
  args?: readonly string[],
  input?: Buffer,
) => Promise<{ readonly text: string; readonly said: string }>;

/** A test of every way to reach every setting. */
function eachWay(name: string, use: (curl: Curl, url: string) => Promise<void>): void {
  test(name, { skip }, async (context: TestContext) => {
    for (const setting of settings) {
      for (const { name: way, args: wayArgs, url } of setting.ways) {
        await context.test(`${setting.name}, ${way}`, async () => {
          const curl: Curl = async (path, args = [], input?) => {
            const { status, stdout, stderr } = await run(
              'curl',
              ['-sS', '--max-time', '20', ...wayArgs, ...args, `${url}${path}`],
              input,
            );
            assert.equal(status, 0, stderr);
            return { text: stdout.toString('latin1'), said: stderr };
          };
          await use(curl, url);
        });
      }
    }
  });
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

eachWay('GET brings the file, with header names in lower case', async (curl) => {
  const { text } = await curl('/small.txt', ['-i']);
  const [head, body] = text.split('\r\n\r\n');
  assert.equal(body, 'a small file\n');
  const [status, ...lines] = head.split('\r\n');
  assert.equal(status, 'HTTP/1.1 200 OK');
  assert.ok(lines.includes('content-length: 13'), head);
  for (const line of lines) assert.match(line, /^[a-z0-9-]+: /);
});

eachWay('HEAD has the length and no body', async (curl) => {
  const { text } = await curl('/large.bin', ['-I']);
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(text, new RegExp(`^content-length: ${download.length}\r$`, 'm'));
  assert.ok(text.endsWith('\r\n\r\n'));
});

eachWay('a download of 10 MB arrives whole', async (curl) => {
  const file = join(folder, 'download.bin');
  await curl('/large.bin', ['-o', file]);
  assert.equal(hash(readFileSync(file)), hash(download));
});

eachWay('a POST of 1 MB reaches the server whole', async (curl) => {
  const before = nginx.postedBodies().length;
  const { text } = await curl('/posted', ['--data-binary', `@${join(folder, 'upload.bin')}`, '-H', 'Expect:']);
  assert.equal(text, `received ${upload.length}\n`);
  const bodies = nginx.postedBodies();
  assert.equal(bodies.length, before + 1);
  assert.ok(bodies.every((body) => hash(body) === hash(upload)));
});

eachWay('an upload with Expect: 100-continue is asked for and stored', async (curl) => {
  const name = `expect-${randomBytes(4).toString('hex')}`;
  const { text } = await curl(`/stored/${name}`, [
    '-D',
    '-',
    '-T',
    join(folder, 'upload.bin'),
    '-H',
    'Expect: 100-continue',
  ]);
  assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created\r\n/);
  assert.equal(hash(readFileSync(join(nginx.root, 'stored', name))), hash(upload));
});

eachWay('an upload of unknown length goes in chunks', async (curl) => {
  const name = `chunked-${randomBytes(4).toString('hex')}`;
  const { said } = await curl(`/stored/${name}`, ['-v', '-T', '-'], upload);
  assert.match(said, /> Transfer-Encoding: chunked/);
  assert.match(said, /< HTTP\/1\.1 201/);
  assert.equal(hash(readFileSync(join(nginx.root, 'stored', name))), hash(upload));
});

eachWay('two URLs share one connection', async (curl, url) => {
  const { text } = await curl('/small.txt', ['-w', '%{num_connects}\n', `${url}/small.txt`]);
  assert.equal(text, 'a small file\n1\na small file\n0\n');
});

eachWay('HTTP/1.0 gets its answer and the end of the connection', async (curl) => {
  const { text } = await curl('/small.txt', ['-0', '-i']);
  assert.match(text, /^HTTP\/1\.[01] 200 OK\r\n/);
  assert.match(text, /^connection: close\r$/m);
  assert.ok(text.endsWith('\r\n\r\na small file\n'));
});

eachWay('forwardfor tells the server who asks', async (curl, url) => {
  const { text } = await curl('/told');
  const source = url.includes('[::1]') ? '::1' : '127.0.0.1';
  // A client of a Unix socket has no address to tell.
  const told = url.includes('web.example') ? '' : source.replaceAll('.', '\\.');
  assert.match(text, new RegExp(`^forwarded-for=${told} .*protocol=HTTP/1\\.1 `));
});

test('header names reach the server in lower case, their values untouched', async () => {
  const heads: string[] = [];
  await using server = await RawServer.start((socket) => {
    socket.on('data', (chunk) => {
      heads.push(chunk.toString('latin1'));
      socket.write('HTTP/1.1 200 OK\r\nX-Mixed: Case Stays\r\nContent-Length: 0\r\n\r\n');
    });
  });
  const [port] = await freePorts(1);
  await using daemon = await Daemon.start(
    `${DEFAULTS}listen web\n    bind 127.0.0.1:${port}\n    server s1 127.0.0.1:${server.port}\n`,
    { port },
  );
  await ask(port, { headers: { 'X-UPPER-Name': 'Mixed Value' } });
  assert.match(heads[0], /^GET \/ HTTP\/1\.1\r\n/);
  assert.match(heads[0], /\r\nx-upper-name: Mixed Value\r\n/);
  for (const line of heads[0].split('\r\n').slice(1, -2)) assert.match(line, /^[a-z0-9-]+: /);
  assert.doesNotMatch(daemon.output, /ALERT/);
});

/** Sub-resources of the browser's page: enough that it opens several connections and uses each for more than one request. */
const PARTS = 12;
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>`;

test(
  'a browser loads a page with scripts, pictures, styles and a WebSocket',
  { skip: missing('chromium') },
  async () => {
    const reports: string[] = [];
    const waiting: (() => void)[] = [];
    await using server = await WebSocketServer.start((request, response) => {
      const { url = '/' } = request;
      const send = (type: string, text: string): void => {
        response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
      };
      if (url === '/') send('text/html', page());
      else if (url.startsWith('/script')) send('application/javascript', `window.loaded = (window.loaded ?? 0) + 1;`);
      else if (url.startsWith('/style')) send('text/css', 'body { color: rgb(1, 2, 3) }');
      else if (url.startsWith('/picture')) send('image/svg+xml', PICTURE);
      else if (url.startsWith('/report')) {
        reports.push(decodeURIComponent(url.slice('/report?'.length)));
        send('text/plain', 'thanks');
        for (const go of waiting.splice(0)) go();
      } else if (url === '/last-picture') {
        // The page is complete when this has come, and this comes when the page's script has reported.
        const go = (): void => send('image/svg+xml', PICTURE);
        if (reports.length > 0) go();
        else waiting.push(go);
      } else response.writeHead(404).end();
    });
    const [port] = await freePorts(1);
    await using daemon = await Daemon.start(
      `${DEFAULTS}    timeout tunnel 20s\nlisten web\n    bind 127.0.0.1:${port}\n    server s1 127.0.0.1:${server.port}\n`,
      { port },
    );
    const quiet = [
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ];
    const { status, stdout, stderr } = await run('chromium', [
      '--headless',
      '--no-sandbox',
      ...quiet,
      `--user-data-dir=${join(daemon.folder, 'browser')}`,
      '--dump-dom',
      `http://127.0.0.1:${port}/`,
    ]);
    const dom = stdout.toString();
    assert.equal(status, 0, stderr);
    assert.deepEqual(reports, [`echo of a browser, ${PARTS} scripts, ${PARTS} pictures, rgb(1, 2, 3)`]);
    assert.match(dom, /<p id="result">thanks<\/p>/);
  },
);

function page(): string {
  const parts = Array.from({ length: PARTS }, (_, index) => index);
  return `<!doctype html><html><head><link rel="stylesheet" href="/style.css">
${parts.map((index) => `<script src="/script-${index}.js"></script>`).join('\n')}
</head><body>
${parts.map((index) => `<img class="part" src="/picture-${index}.svg">`).join('\n')}
<img src="/last-picture"><p id="result"></p>
<script>
const shown = (picture) => picture.complete ? Promise.resolve() : new Promise((go) => picture.addEventListener('load', go));
const said = new Promise((go) => {
  const socket = new WebSocket('ws://' + location.host + '/echo');
  socket.onopen = () => socket.send('echo of a browser');
  socket.onmessage = ({ data }) => { go(data); socket.close(); };
});
Promise.all([said, ...[...document.querySelectorAll('.part')].map(shown)]).then(async ([text]) => {
  const pictures = [...document.querySelectorAll('.part')].filter((picture) => picture.naturalWidth === 4).length;
  const result = text + ', ' + window.loaded + ' scripts, ' + pictures + ' pictures, ' + getComputedStyle(document.body).color;
  document.querySelector('#result').textContent = await (await fetch('/report?' + encodeURIComponent(result))).text();
});
</script></body></html>`;
}
