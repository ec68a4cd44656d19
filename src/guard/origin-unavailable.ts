import { Failure } from '../model/failure.ts';

/** An address was not asked at all, because it is taken for down. Costs no request. */
export class OriginUnavailable extends Failure {
  constructor(origin: string, why = 'it is taken for down after too many failures') {
    super('ORIGIN_UNREACHABLE', `${origin} was not asked: ${why}`, { origin });
  }
}
