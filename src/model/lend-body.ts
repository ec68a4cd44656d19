import type { Body, BodySink } from './ports.ts';

/**
 * Gives a body's chunks to a sink that keeps none of them but those that it answers with a promise;
 * see {@link Body.lendTo}. Throws as `pipeTo`.
 */
export function lendBody(body: Body, sink: BodySink): Promise<number> {
  return body.lendTo === undefined ? body.pipeTo(sink) : body.lendTo(sink);
}
