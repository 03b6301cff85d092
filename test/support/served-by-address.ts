/**
 * Prints which server each of many client addresses gets under `balance source`, a line each. To be run in a network namespace of
 * its own, where all of 127.0.0.0/8 and fd00::/8 are local: `served-by-address.ts PROGRAM SEED`.
 */

import { Daemon, freePorts } from './daemon.ts';
import { NAME_SERVER, servedBy, startAnsweringServer } from './served-by.ts';

const [program, seed] = process.argv.slice(2);
const REQUEST = 'GET / HTTP/1.1\r\nHost: test\r\n\r\n';
const ADDRESSES = 100;
const SETTINGS = [
  'hash-type map-based',
  'hash-type map-based wt6 avalanche',
  'hash-type consistent',
  'hash-type consistent crc32',
];

let state = Number(seed) | 0;
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return (state >>> 8) % below;
}

const origin = await startAnsweringServer();
const ports = await freePorts(SETTINGS.length);
let text = `global\n    nbthread 1\ndefaults\n    mode http\n    timeout connect 5s\n    timeout client 5s\n    timeout server 5s\n`;
for (const [index, setting] of SETTINGS.entries()) {
  text += `listen l${index}\n    bind 127.0.0.1:${ports[index]}\n    bind [::]:${ports[index]} v6only\n`;
  text += `    balance source\n    ${setting}\n    ${NAME_SERVER}\n`;
  for (let server = 0; server < 31; server++)
    text += `    server s${server} 127.0.0.1:${origin.port} weight ${(server % 3) + 1}\n`;
}
const daemon = await Daemon.start(text, { port: ports[0], program });
try {
  for (let count = 0; count < ADDRESSES; count++) {
    const four = `127.${random(256)}.${random(256)}.${1 + random(254)}`;
    const six = `fd${Array.from({ length: 8 }, () => random(65536).toString(16).padStart(4, '0'))
      .join(':')
      .slice(2)}`;
    for (const port of ports) {
      const [byFour] = await servedBy(port, [REQUEST], { localAddress: four });
      const [bySix] = await servedBy(port, [REQUEST], { host: 'fd00::1', localAddress: six });
      console.log(`${byFour} ${bySix}`);
    }
  }
} finally {
  await daemon.stop();
  await origin.stop();
}
