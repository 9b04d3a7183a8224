export const redis = async () => ({ tables: [], targets: [] });
