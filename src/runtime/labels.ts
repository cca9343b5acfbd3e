/** Whose gateway a container or volume belongs to; it keeps two gateways on one engine apart. */
export const deploymentLabel = "raworc.deployment";
