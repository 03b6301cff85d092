// Evaluates every recorded sample on the real haproxy. With --write the files get its answers, without it they are compared.
// Run it through the script `oracle` beside this file.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleFiles, writeSampleFile, type Answer, type Evaluation, type RequestSamples } from './samples.ts';

const program = process.env['HAPROXY_PROGRAM'] ?? 'haproxy';

/** Values in one answer: a line of configuration holds 64 words. */
const PER_REQUEST = 8;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function configText(port: number, evaluations: readonly Evaluation[]): string {
  const found = evaluations.map(
    ({ kind, text }, index) =>
      `http-request set-var(txn.f${index}) int(1) if { ${kind === 'value' ? `'${text}' -m found` : text} }`,
  );
  const replies: string[] = [];
  for (let start = 0; start < evaluations.length; start += PER_REQUEST) {
    const headers = evaluations.slice(start, start + PER_REQUEST).map(({ kind, text }, offset) => {
      const index = start + offset;
      const value = kind === 'value' ? ` hdr v${index} '<%[${text}]>'` : '';
      return `hdr f${index} %[var(txn.f${index})]x${value}`;
    });
    replies.push(`http-request return status 200 ${headers.join(' ')} if { req.hdr(x-sample-part) ${start} }`);
  }
  return [
    'global',
    ' nbthread 1',
    'defaults',
    ' mode http',
    ' timeout client 5s',
    ' timeout server 5s',
    ' timeout connect 5s',
    'frontend fe1',
    ` bind 127.0.0.1:${port}`,
    ...[...found, ...replies].map((line) => ` ${line}`),
    '',
  ].join('\n');
}

/** Sends the request with a field that names the wanted part, put last so that it disturbs no other. */
async function ask(port: number, request: string, part: number): Promise<Map<string, string>> {
  const bytes = request.replace('\r\n\r\n', `\r\nX-Sample-Part: ${part}\r\n\r\n`);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
  const lines = answer.split('\r\n').slice(1);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
}

async function evaluate({ request, evaluations }: RequestSamples): Promise<Answer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'golden-'));
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, configText(port, evaluations), 'latin1');
  const child = spawn(program, ['-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, GOLDEN_NAME: 'lab' },
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString('latin1')));
  let ended = false;
  child.on('exit', () => (ended = true));
  try {
    for (;;) {
      if (ended) throw new Error(`haproxy does not start:\n${complaints}`);
      const open = await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        });
        socket.on('error', () => resolve(false));
      });
      if (open) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const answers: Answer[] = [];
    for (let start = 0; start < evaluations.length; start += PER_REQUEST) {
      const headers = await ask(port, request, start);
      evaluations.slice(start, start + PER_REQUEST).forEach(({ kind, text }, offset) => {
        const flag = headers.get(`f${start + offset}`);
        if (flag === undefined) throw new Error(`no answer for ${text}: ${[...headers].join(' ')}`);
        const isFound = flag === '1x';
        if (kind === 'test') answers.push(isFound);
        else answers.push(isFound ? headers.get(`v${start + offset}`)!.slice(1, -1) : undefined);
      });
    }
    return answers;
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

let wrong = 0;
for (const file of sampleFiles()) {
  for (const group of file.groups) {
    const answers = await evaluate(group);
    group.evaluations.forEach((one, index) => {
      if (one.answer === answers[index]) return;
      wrong++;
      process.stdout.write(
        `${file.name}: ${one.text}: haproxy ${JSON.stringify(answers[index])}, recorded ${JSON.stringify(one.answer)}\n`,
      );
      one.answer = answers[index];
    });
  }
  if (process.argv.includes('--write')) writeSampleFile(file);
}
process.stdout.write(`golden samples: ${wrong} wrong\n`);
process.exitCode = wrong === 0 || process.argv.includes('--write') ? 0 : 1;
