insert into prize (id, title, probability, daily_quota, total_quota)
select * from (values
  ('FIVE_DOLLAR', '$5 Cash Coupon', 0.005, 100, 500),
  ('TWO_DOLLAR', '$2 Cash Coupon', 0.02, 500, 5000),
  ('BUY_ONE_GET_ONE', 'Buy 1 Get 1 Free Coupon', 0.80, null, null)
) as sample (id, title, probability, daily_quota, total_quota)
where not exists (select from prize);
