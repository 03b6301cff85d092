import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { ByteRingReader, ByteRingWriter, createByteRing, type ByteRingHandle } from './byte-ring.ts';

interface Seen {
  readonly tag: number;
  readonly mark: number;
  readonly text: string;
  readonly producer: number;
}

function drain(reader: ByteRingReader, limit: number = Infinity): Seen[] {
  const seen: Seen[] = [];
  reader.drain(({ tag, mark, bytes, start, end, producer }) => {
    seen.push({ tag, mark, text: bytes.toString('latin1', start, end), producer });
  }, limit);
  return seen;
}

const BYTES = 4096;

describe('the ring', () => {
  it('hands on whole records in the order of writing, and drops exactly those that do not fit', () => {
    const step = fc.oneof(
      fc.record({
        type: fc.constant('write' as const),
        producer: fc.nat(1),
        length: fc.oneof(fc.nat(40), fc.nat(1500), fc.nat(6000)),
        form: fc.nat(2),
      }),
      fc.record({ type: fc.constant('drain' as const), limit: fc.nat(8) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 250 }), (steps) => {
        const ring = createByteRing(2, BYTES);
        const writers = [new ByteRingWriter(ring, 0), new ByteRingWriter(ring, 1)];
        const reader = new ByteRingReader(ring);
        const expected: Seen[] = [];
        let dropped = 0;
        let tag = -3;
        for (const s of steps) {
          if (s.type === 'drain') {
            assert.deepEqual(drain(reader, s.limit), expected.splice(0, s.limit));
            continue;
          }
          const text = String.fromCharCode(33 + (tag & 63)).repeat(s.length);
          const writer = writers[s.producer];
          const written =
            s.form === 0
              ? writer.write(tag, ~tag, Buffer.from(text))
              : writer.writeText(tag, ~tag, text, s.form === 1 ? 'latin1' : 'utf8');
          if (written) expected.push({ tag, mark: ~tag, text, producer: s.producer });
          else dropped++;
          tag++;
        }
        assert.deepEqual(drain(reader), expected);
        assert.equal(reader.dropped(), dropped);
      }),
    );
  });

  it('a record that fits an empty ring is taken, a longer one never is', () => {
    const ring = createByteRing(1, BYTES);
    const writer = new ByteRingWriter(ring, 0);
    const reader = new ByteRingReader(ring);
    const header = 16;
    assert.equal(writer.writeText(0, 7, 'x'.repeat(BYTES - header), 'latin1'), true);
    assert.equal(drain(reader).length, 1);
    assert.equal(writer.writeText(0, 7, 'x'.repeat(BYTES - header + 1), 'latin1'), false);
    assert.equal(writer.writeText(0, 7, '', 'latin1'), true);
    assert.deepEqual(drain(reader), [{ tag: 0, mark: 7, text: '', producer: 0 }]);
    assert.equal(reader.dropped(), 1);
  });

  it('keeps latin1 bytes and utf8 texts as they are', () => {
    const ring = createByteRing(1, BYTES);
    const writer = new ByteRingWriter(ring, 0);
    const seen: string[] = [];
    writer.writeText(1, 7, 'caf\xe9 \xff', 'latin1');
    writer.writeText(2, 7, 'caf\u00e9 \u20ac \u{1f600}', 'utf8');
    new ByteRingReader(ring).drain(({ tag, bytes, start, end }) => {
      seen.push(bytes.toString(tag === 1 ? 'latin1' : 'utf8', start, end));
    }, 9);
    assert.deepEqual(seen, ['caf\xe9 \xff', 'caf\u00e9 \u20ac \u{1f600}']);
  });

  it('positions wrap at 2^32', () => {
    const ring = createByteRing(1, BYTES);
    // `written` and `taken` of the only producer, just below the end of the Int32 range and then below 2^32.
    for (const position of [0x7fff_fff8, -8]) {
      const control = new Int32Array(ring.buffer);
      control[32] = position;
      control[48] = position;
      const writer = new ByteRingWriter(ring, 0);
      const reader = new ByteRingReader(ring);
      for (let i = 0; i < 500; i++) {
        assert.equal(writer.writeText(i, 7, `record ${i}`, 'latin1'), true);
        assert.deepEqual(drain(reader), [{ tag: i, mark: 7, text: `record ${i}`, producer: 0 }]);
      }
    }
  });

  it('a mark is passed when all that was written before it is drained, whatever was written since', () => {
    const ring = createByteRing(2, BYTES);
    const [first, second] = [new ByteRingWriter(ring, 0), new ByteRingWriter(ring, 1)];
    const reader = new ByteRingReader(ring);
    assert.equal(reader.isPast(reader.mark()), true);
    second.writeText(1, 7, 'long '.repeat(100), 'latin1');
    first.writeText(2, 7, 'a', 'latin1');
    const mark = reader.mark();
    second.writeText(3, 7, 'b', 'latin1');
    first.writeText(4, 7, 'c', 'latin1');
    const isPast = [1, 2, 3, 4].map((tag) => {
      assert.deepEqual(
        drain(reader, 1).map((record) => record.tag),
        [tag],
      );
      return reader.isPast(mark);
    });
    assert.deepEqual(isPast, [false, true, true, true]);
  });

  it('a visitor that throws loses its record only', () => {
    const ring = createByteRing(1, BYTES);
    const writer = new ByteRingWriter(ring, 0);
    const reader = new ByteRingReader(ring);
    writer.writeText(1, 7, 'bad', 'latin1');
    writer.writeText(2, 7, 'good', 'latin1');
    assert.throws(() => reader.drain(() => assert.fail('cannot digest'), 5), /cannot digest/);
    assert.deepEqual(drain(reader), [{ tag: 2, mark: 7, text: 'good', producer: 0 }]);
  });

  it('a producer that dies at any instruction leaves whole records, and its successor goes on', () => {
    const operations = ['add', 'store', 'load', 'compareExchange', 'notify'] as const;
    const atomics = Atomics as unknown as Record<string, (...values: unknown[]) => unknown>;
    const real = Object.fromEntries(operations.map((name) => [name, atomics[name]]));
    for (let crashAt = 1; crashAt <= 12; crashAt++) {
      const ring = createByteRing(2, BYTES);
      const reader = new ByteRingReader(ring);
      const before = new ByteRingWriter(ring, 0);
      // So that the dying write needs a filler.
      before.writeText(1, 7, 'a'.repeat(3000), 'latin1');
      drain(reader);
      before.writeText(2, 7, 'b'.repeat(900), 'latin1');
      let operation = 0;
      for (const name of operations) {
        atomics[name] = (...values: unknown[]) => {
          if (++operation === crashAt) throw new Error('the thread ends here');
          return real[name](...values);
        };
      }
      try {
        before.writeText(3, 7, 'c'.repeat(900), 'latin1');
      } catch (error) {
        assert.match(String(error), /the thread ends here/);
      } finally {
        Object.assign(Atomics, real);
      }
      const successor = new ByteRingWriter(ring, 0);
      successor.writeText(4, 7, 'd', 'latin1');
      new ByteRingWriter(ring, 1).writeText(5, 7, 'e', 'latin1');
      const tags = drain(reader).map(({ tag, text }) => {
        assert.match(text, /^(a+|b{900}|c{900}|d|e)$/);
        return tag;
      });
      assert.deepEqual(
        tags.filter((tag) => tag !== 3),
        [2, 4, 5],
      );
    }
  });
});

describe('waking the consumer', () => {
  it('prepareToSleep refuses while records wait, and a later record ends the sleep', async () => {
    const ring = createByteRing(1, BYTES);
    const writer = new ByteRingWriter(ring, 0);
    const reader = new ByteRingReader(ring);
    writer.writeText(1, 7, 'x', 'latin1');
    assert.equal(reader.prepareToSleep(), false);
    drain(reader);
    assert.equal(reader.prepareToSleep(), true);
    const sleep = Atomics.waitAsync(reader.words, reader.index, 1);
    assert.equal(sleep.async, true);
    writer.writeText(2, 7, 'y', 'latin1');
    assert.equal(await sleep.value, 'ok');
    assert.equal(drain(reader).length, 1);
  });

  it("with real threads no record is lost, torn or out of its producer's order, also when producers are killed", async (t) => {
    const producers = 2;
    const ring = createByteRing(producers, 1 << 16);
    const reader = new ByteRingReader(ring);
    const start = (producer: number): Worker =>
      new Worker(new URL('../test/ring-producer.ts', import.meta.url), {
        workerData: { ring, producer } satisfies { ring: ByteRingHandle; producer: number },
      });
    const workers = [start(0), start(1)];
    t.after(() => Promise.all(workers.map((worker) => worker.terminate())));
    const last = [-1, -1];
    let records = 0;
    const take = (): void => {
      reader.drain(({ tag, bytes, start, end, producer }) => {
        // A record says its own number, which grows by one or by what was dropped, and the rest follows from it.
        assert.ok(tag > last[producer] || tag === 0, `producer ${producer}: ${tag} after ${last[producer]}`);
        last[producer] = tag;
        assert.equal(
          bytes.toString('latin1', start, end),
          `${tag}:`.padEnd(20 + (tag % 200), String.fromCharCode(97 + (tag % 26))),
        );
        records++;
      }, 5000);
    };
    const kills = 12;
    for (let kill = 0; kill < kills; kill++) {
      const until = records + 2000;
      while (records < until) {
        take();
        if (reader.prepareToSleep()) {
          const sleep = Atomics.waitAsync(reader.words, reader.index, 1, 10_000);
          if (sleep.async) assert.equal(await sleep.value, 'ok');
        }
      }
      const producer = kill % producers;
      await workers[producer].terminate();
      take();
      last[producer] = -1;
      workers[producer] = start(producer);
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
    take();
    assert.ok(records >= kills * 2000);
  });
});
