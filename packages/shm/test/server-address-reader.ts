// A thread that reads one server's address for as long as it is not told to stop, for server-address.test.ts.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Segment, type SegmentHandle } from '../src/segment.ts';
import { ServerAddress } from '../src/server-address.ts';

const { handle, slot } = workerData as { handle: SegmentHandle; slot: number };
const address = new ServerAddress(new Segment(handle, { thread: 1, incarnation: 1 }), slot);
const port = parentPort!;
port.postMessage('ready');
let reads = 0;
let mixtures = 0;
while (receiveMessageOnPort(port) === undefined) {
  for (let round = 0; round < 100; round++) {
    const found = address.read();
    reads++;
    if (found === undefined || found.words.some((word) => word !== found.words[0]) || found.port !== found.words[0])
      mixtures++;
  }
}
port.postMessage({ reads, mixtures });
