-- What a build under way was begun with: code and statements; null where it is drawn by hand.
SELECT t.texts FROM release.work_moment AS t WHERE t.release_id = %(release_id)s
