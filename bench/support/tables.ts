/** The sample prizes: four draws of five win. */
export const SAMPLE_PRIZES = `
  insert into prize (id, title, probability, daily_quota, total_quota) values
    ('FIVE_DOLLAR', '$5 Cash Coupon', 0.005, 100, 500),
    ('TWO_DOLLAR', '$2 Cash Coupon', 0.02, 500, 5000),
    ('BUY_ONE_GET_ONE', 'Buy 1 Get 1 Free Coupon', 0.80, null, null)`;

/** One draw in a hundred wins. */
export const RARE_PRIZE = `
  insert into prize (id, title, probability) values ('MUG', 'Mug', 0.01)`;
