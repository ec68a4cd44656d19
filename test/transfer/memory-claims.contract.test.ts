import { claimsContract } from '../contract/claims-contract.ts';
import { memoryClaims } from '../support/memory-claims.ts';

claimsContract('memory', () => {
  const memory = memoryClaims();
  return Promise.resolve({
    open: (now) => {
      const end = memory.open(now);
      const close = () => {
        end.close();
        return Promise.resolve();
      };
      return Promise.resolve({ claims: end.claims, close });
    },
    remove: () => Promise.resolve(),
  });
});
