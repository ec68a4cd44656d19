import { Failure } from '../model/failure.ts';

/** An address was not asked at all, because it is taken for down. Costs no request. */
export class OriginUnavailable extends Failure {
  constructor(origin: string) {
    super(
      'ORIGIN_UNREACHABLE',
      `${origin} was not asked: it is taken for down after too many failures`,
      { origin },
    );
  }
}
