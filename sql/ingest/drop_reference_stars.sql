-- All reference stars: another catalogue takes their place.
DELETE FROM reference.star
