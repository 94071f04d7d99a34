-- The role that the session really has.
SELECT current_user::text
