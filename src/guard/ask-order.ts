import type { OriginRequest } from '../model/origin.ts';
import type { GuardedOrigin } from './guarded-origin.ts';

/** An address and where the rule has it, from 0. */
export interface Place {
  readonly address: GuardedOrigin;
  readonly rank: number;
}

/** What the order comes from. */
export interface Preference {
  readonly order: () => readonly GuardedOrigin[];
  readonly isWell?: ((address: GuardedOrigin) => boolean) | undefined;
}

/**
 * The addresses as they are asked: in the order of the rule, the one that gave a part of the object
 * already first, and those that are ill behind all others.
 *
 * What ends a round is meant for the order of the rule: a 404 of the second address, asked because
 * the first one is ill, says nothing of the first, so what ranks before it is asked all the same.
 */
export function askOrder(
  { order, isWell }: Preference,
  { begun }: Pick<OriginRequest, 'begun'>,
): readonly Place[] {
  const addresses = order();
  const there = begun?.();
  const begunAt = there !== undefined && there.bytes > 0 ? there.origin : undefined;
  const inOrder =
    begunAt === undefined ? addresses : ordered(addresses, ({ name }) => name === begunAt);
  const places = inOrder.map((address, rank) => ({ address, rank }));
  return isWell === undefined ? places : ordered(places, ({ address }) => isWell(address));
}

/** What `isFirst` holds for before all else. */
function ordered<T>(list: readonly T[], isFirst: (item: T) => boolean): readonly T[] {
  return [...list.filter(isFirst), ...list.filter((item) => !isFirst(item))];
}

/** Names of addresses that were put behind those that were asked, and not asked themselves. */
export function putBehind(
  places: readonly Place[],
  asked: readonly Place[],
  skipped: readonly string[],
): readonly string[] {
  const reached = Math.max(...asked.map(({ rank }) => rank));
  return places
    .filter((place) => place.rank < reached && !asked.includes(place))
    .map(({ address }) => address.name)
    .filter((name) => !skipped.includes(name));
}
