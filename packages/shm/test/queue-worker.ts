// For queue-threads.test.ts: streams that enter servers under maxconn or wait for one, give up at random, and hold their
// session for some turns of the event loop. Words of the test's own buffer: 0 stop, 1 violations, 8 + thread: streams served,
// 16 + thread: streams served after waiting, 32 + server * 8: one word for each session that the limit allows.
import { workerData } from 'node:worker_threads';
import type { ThreadIdentity } from '../src/identity.ts';
import { Mailbox, Wake } from '../src/mailbox.ts';
import { Admission, type ServerLimit } from '../src/queue.ts';
import { Segment, type SegmentHandle } from '../src/segment.ts';
import { choices } from './threads.ts';
import { Tickets, type Granted, type Ticket } from '../src/tickets.ts';

const { handle, identity, marks, limits, streams } = workerData as {
  handle: SegmentHandle;
  identity: ThreadIdentity;
  marks: Int32Array;
  limits: number[];
  streams: number;
};
const segment = new Segment(handle, identity);
const tickets = new Tickets(segment);
const admission = new Admission(tickets, 0);
const mailbox = new Mailbox(segment);
const servers: ServerLimit[] = limits.map((limit, server) => ({ server, limit, takesBackendQueue: true }));
const choose = choices(identity.thread * 7919 + identity.incarnation * 104_729);
const waiting = new Map<Ticket, (granted: Granted | undefined) => void>();

const violation = (): void => void Atomics.add(marks, 1, 1);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function deliver(granted: readonly Granted[]): void {
  for (const each of granted) {
    const tell = waiting.get(each.ticket);
    if (tell === undefined) violation();
    waiting.delete(each.ticket);
    tell?.(each);
  }
}

/** Takes one of the words that stand for the server's sessions; if the limit holds, one is free at every moment. */
function occupy(server: number): number {
  for (let attempt = 0; attempt < 100_000; attempt++) {
    for (let place = 0; place < limits[server]; place++) {
      const word = 32 + server * 8 + place;
      if (Atomics.compareExchange(marks, word, 0, identity.thread) === 0) return word;
    }
  }
  violation();
  return -1;
}

async function hold(server: number): Promise<void> {
  const word = occupy(server);
  for (let turns = choose(3); turns > 0; turns--) await turn();
  if (word >= 0) Atomics.store(marks, word, 0);
  Atomics.add(marks, 8 + identity.thread, 1);
  deliver(admission.leave(servers[server]));
}

/** Waits for the ticket, or gives up after some turns; the server that it got, or undefined. */
async function granted(ticket: Ticket): Promise<Granted | undefined> {
  const answer = new Promise<Granted | undefined>((resolve) => waiting.set(ticket, resolve));
  if (choose(4) === 0) {
    for (let turns = choose(6); turns > 0; turns--) await turn();
    const tell = waiting.get(ticket);
    if (tell !== undefined) {
      waiting.delete(ticket);
      tell(undefined);
      deliver(admission.cancel(ticket, (server) => servers[server]));
    }
  }
  return answer;
}

async function stream(): Promise<void> {
  while (Atomics.load(marks, 0) === 0) {
    const wanted = choose(servers.length);
    if (admission.enter(servers[wanted])) {
      await hold(wanted);
      continue;
    }
    const position = { priorityClass: choose(3) - 1, offsetMs: 0 };
    const result =
      choose(2) === 0
        ? admission.enqueueForServer(servers[wanted], 0, position, 1)
        : admission.enqueueForBackend(servers, [], position, 1);
    if (result.type === 'full') violation();
    if (result.type === 'entered') await hold(result.server);
    if (result.type !== 'queued') continue;
    const outcome = await granted(result.ticket);
    if (outcome?.type !== 'entered') continue;
    Atomics.add(marks, 16 + identity.thread, 1);
    await hold(outcome.server);
  }
}

let done = false;
async function listen(): Promise<void> {
  while (!done) {
    const sleep = Atomics.waitAsync(mailbox.words, mailbox.index, 0, 100);
    if (sleep.async) await sleep.value;
    const reasons = mailbox.take();
    if ((reasons & Wake.granted) !== 0) deliver(tickets.takeGranted());
    if ((reasons & Wake.recovered) !== 0) {
      deliver(tickets.rescan());
      for (const server of servers) deliver(admission.dispatch(server));
    }
    if (!sleep.async) await turn();
  }
}

const keepAlive = setInterval(() => undefined, 1000);
const listening = listen();
await Promise.all(Array.from({ length: streams }, stream));
done = true;
await listening;
clearInterval(keepAlive);
if (tickets.waiting() !== 0) violation();
