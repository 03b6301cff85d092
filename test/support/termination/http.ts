/**
 * How requests end, event by event: the scenes of the termination table in mode http (manual, section 8.5). `state` is what both
 * programs are to log. Each event is brought about by a condition that is awaited; where a time-out is the event, the others
 * are far away.
 */

import { CONNECTS } from './http-connects.ts';
import { REQUESTS } from './http-requests.ts';
import { RESPONSES } from './http-responses.ts';
import { TUNNELS } from './http-tunnels.ts';
import { scenesOf } from './scene.ts';

export const HTTP_SCENES = scenesOf('http', { ...REQUESTS, ...CONNECTS, ...RESPONSES, ...TUNNELS });
