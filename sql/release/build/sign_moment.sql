-- What was asked for: a build that was killed goes on for the same question only. Who joins has the same code and statements.
UPDATE release.work_moment SET signature = %(signature)s, texts = %(texts)s
