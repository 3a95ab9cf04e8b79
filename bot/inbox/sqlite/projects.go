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

func (s *Store) TouchProjects(ctx context.Context, projects []int64) error {
	return s.write(ctx, "noting projects", func(t *tx) error {
		for _, project := range projects {
			if err := t.touch(project); err != nil {
				return err
			}
		}
		return nil
	})
}

// touched is when each project was last noted, as far as the writer knows: most deliveries then need not look into the file.
type touched struct {
	noted map[int64]int64
	news  map[int64]int64 // of the transaction under way
}

// touch notes that a project had a delivery, if that was not noted lately, and lets the one go that was silent for the longest.
func (t *tx) touch(project int64) error {
	lately := t.now - inbox.TouchedEvery.Microseconds()
	if max(t.touched.noted[project], t.touched.news[project]) > lately {
		return nil
	}
	var old int64
	known, err := t.get(`SELECT touched FROM projects WHERE id = ?`, []any{project}, &old)
	if err != nil {
		return err
	}
	if old <= lately {
		if !known && t.projects >= inbox.MaxProjects {
			gone, err := t.exec(`DELETE FROM projects WHERE id = (SELECT id FROM projects ORDER BY touched, id LIMIT 1)`)
			if err != nil {
				return err
			}
			t.projects -= gone
		}
		if _, err := t.exec(`INSERT INTO projects VALUES (?1, ?2) ON CONFLICT DO UPDATE SET touched = ?2`, project, t.now); err != nil {
			return err
		}
		t.projects += one(!known)
		old = t.now
	}
	t.touched.news[project] = old
	return nil
}

// committed takes the news for noted. What has no other delivery within the hour is forgotten here.
func (h *touched) committed(now int64) {
	maps.Copy(h.noted, h.news)
	if len(h.noted) > 2*inbox.MaxProjects {
		maps.DeleteFunc(h.noted, func(_, at int64) bool { return at+inbox.TouchedEvery.Microseconds() <= now })
	}
}
