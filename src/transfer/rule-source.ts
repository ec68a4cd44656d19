import type { Origin } from '../model/origin.ts';
import type { RequestHeaders } from '../rules/request-headers.ts';

/** A rule's origins, ready to be asked, and the headers that the rule sends them. */
export interface RuleSource {
  readonly origin: Origin;
  readonly headers: RequestHeaders;
  /**
   * Whether an origin key can be asked for at all.
   * @throws Failure `KEY_INVALID` where no address could be.
   */
  readonly checkKey: (originKey: string) => void;
}
