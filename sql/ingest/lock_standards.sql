-- Two loads at once would not see each other's stars: one waits for the other. Readers go on.
LOCK TABLE reference.standard_catalogue IN SHARE ROW EXCLUSIVE MODE
