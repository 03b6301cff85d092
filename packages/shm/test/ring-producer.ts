// For byte-ring.test.ts: writes numbered records until it is terminated.
import { workerData } from 'node:worker_threads';
import { ByteRingWriter, type ByteRingHandle } from '../src/byte-ring.ts';

const { ring, producer } = workerData as { ring: ByteRingHandle; producer: number };
const writer = new ByteRingWriter(ring, producer);
for (let tag = 0; ; tag = (tag + 1) | 0) {
  const text = `${tag}:`.padEnd(20 + (tag % 200), String.fromCharCode(97 + (tag % 26)));
  writer.writeText(tag, 0, text, 'latin1');
}
