/** What a gateway that died was doing is another one's to go on with after this long. */
const leaseMs = 10_000;

/** How often a gateway that lives renews what it holds: so that two renewals may fail before it loses that. */
export const renewLeaseMs = 3_000;

/** The end of a lease that is taken or renewed at that time. */
export const leaseEnd = (from: Date): Date => new Date(from.getTime() + leaseMs);
