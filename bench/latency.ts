export const latency = async () => ({ tables: [], targets: [] });
