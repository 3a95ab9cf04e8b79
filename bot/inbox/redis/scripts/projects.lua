-- Projects: lists the projects that were heard of.
-- KEYS[1]  projects
-- Result: {project, ...}
return redis.call('ZRANGE', KEYS[1], 0, -1)
