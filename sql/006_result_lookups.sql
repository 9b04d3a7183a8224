-- For what administrators look up. Partial, so that the INSERT of a win pays for none of them: an entry comes when the
-- win is redeemed.
create index result_redeemed on result (draw_date, prize_id, day_unit) where redeemed_at is not null;
create index result_of_phone on result (phone_no, draw_date, id) where phone_no is not null;
