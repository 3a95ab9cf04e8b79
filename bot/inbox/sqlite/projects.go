package sqlite

import (
	"context"
	"database/sql"
	"maps"

	"flowkeeper/bot/inbox"
)

func (s *Store) Projects(ctx context.Context) ([]int64, error) {
	var all []int64
	err := s.read(ctx, "listing the projects", `SELECT id FROM projects ORDER BY id`, nil, func(row *sql.Rows) error {
		var id int64
		err := row.Scan(&id)
		all = append(all, id)
		return err
	})
	return all, err
}

func (s *Store) Hear(ctx context.Context, projects []int64) error {
	return s.write(ctx, "noting projects", func(t *tx) error {
		for _, project := range projects {
			if err := t.hear(project); err != nil {
				return err
			}
		}
		return nil
	})
}

// heard is when each project was last noted, as far as the writer knows: most deliveries then need not look into the file.
type heard struct {
	noted map[int64]int64
	news  map[int64]int64 // of the transaction under way
}

// hear notes that a project was heard of, if that was not noted lately, and lets the one go that was silent for the longest.
func (t *tx) hear(project int64) error {
	lately := t.now - inbox.HeardEvery.Microseconds()
	if max(t.heard.noted[project], t.heard.news[project]) > lately {
		return nil
	}
	var old int64
	known, err := t.get(`SELECT heard FROM projects WHERE id = ?`, []any{project}, &old)
	if err != nil {
		return err
	}
	if old <= lately {
		if !known && t.projects >= inbox.MaxProjects {
			gone, err := t.exec(`DELETE FROM projects WHERE id = (SELECT id FROM projects ORDER BY heard, id LIMIT 1)`)
			if err != nil {
				return err
			}
			t.projects -= gone
		}
		if _, err := t.exec(`INSERT INTO projects VALUES (?1, ?2) ON CONFLICT DO UPDATE SET heard = ?2`, project, t.now); err != nil {
			return err
		}
		t.projects += one(!known)
		old = t.now
	}
	t.heard.news[project] = old
	return nil
}

// committed takes the news for noted. What is not heard of again within the hour is forgotten here.
func (h *heard) committed(now int64) {
	maps.Copy(h.noted, h.news)
	if len(h.noted) > 2*inbox.MaxProjects {
		maps.DeleteFunc(h.noted, func(_, at int64) bool { return at+inbox.HeardEvery.Microseconds() <= now })
	}
}
