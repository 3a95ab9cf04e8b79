package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements prepares each query once. Queries run to their end whatever becomes of who asked: each is short, and a context that can be
// cancelled would cost the driver a goroutine.
type statements struct {
	prepare  func(ctx context.Context, query string) (*sql.Stmt, error)
	prepared sync.Map // query → *sql.Stmt
}

func (s *statements) of(query string) (*sql.Stmt, error) {
	if known, ok := s.prepared.Load(query); ok {
		return known.(*sql.Stmt), nil
	}
	fresh, err := s.prepare(context.Background(), query)
	if err != nil {
		return nil, err
	}
	if known, raced := s.prepared.LoadOrStore(query, fresh); raced {
		return known.(*sql.Stmt), fresh.Close()
	}
	return fresh, nil
}

// exec runs a query and returns how many rows it changed.
func (s *statements) exec(query string, args ...any) (int64, error) {
	stmt, err := s.of(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// get reads one row and reports whether there is one.
func (s *statements) get(query string, args []any, into ...any) (found bool, err error) {
	err = s.each(query, args, func(row *sql.Rows) error {
		found = true
		return row.Scan(into...)
	})
	return found, err
}

// each reads rows, the next one until one fails.
func (s *statements) each(query string, args []any, each func(*sql.Rows) error) error {
	stmt, err := s.of(query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.Background(), args...) //nolint:sqlclosecheck // closed below, whose error counts
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := each(rows); err != nil {
			_ = rows.Close()
			return err
		}
	}
	if err := rows.Err(); err != nil {
		_ = rows.Close()
		return err
	}
	return rows.Close()
}

// close gives the prepared queries back: SQLite keeps a connection open for as long as one is left.
func (s *statements) close() error {
	var errs []error
	for _, stmt := range s.prepared.Range {
		errs = append(errs, stmt.(*sql.Stmt).Close())
	}
	return errors.Join(errs...)
}
