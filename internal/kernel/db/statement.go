package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// writer is the one writing connection of the embedded engine, with the
// statements prepared on it. Bun writes arguments into the text, so that the
// engine must parse each query anew: half the time of a small change. What can
// be bound is bound, and its plan kept.
type writer struct {
	db   *bun.DB
	conn bun.Conn
	open bool
	kept map[string]*sql.Stmt
}

// mostKept bounds the statements; a full set is emptied, since texts that are
// made by hand never come again.
const mostKept = 512

// ready opens the connection if there is none.
func (w *writer) ready(ctx context.Context) error {
	if w.open {
		return nil
	}
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	w.conn, w.open, w.kept = conn, true, map[string]*sql.Stmt{}
	return nil
}

// close gives the connection back: the next change begins with a fresh state.
func (w *writer) close() {
	if !w.open {
		return
	}
	w.forget()
	_ = w.conn.Close()
	w.open = false
}

func (w *writer) forget() {
	for _, s := range w.kept {
		_ = s.Close()
	}
	clear(w.kept)
}

// run executes a statement without arguments.
func (w *writer) run(ctx context.Context, query string) error {
	s, err := w.prepared(ctx, query)
	if err == nil {
		_, err = s.ExecContext(ctx)
	}
	return err
}

func (w *writer) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := w.kept[query]; ok {
		return s, nil
	}
	if len(w.kept) >= mostKept {
		w.forget()
	}
	s, err := w.conn.PrepareContext(ctx, query)
	if err == nil {
		w.kept[query] = s
	}
	return s, err
}

// bind gives the kept statement of the query and its arguments as the engine
// takes them; ok is false if bun must write them into the text.
func (t *Tx) bind(ctx context.Context, query string, args []any) (s *sql.Stmt, values []any, ok bool, err error) {
	if t.writer == nil || strings.Count(query, "?") != len(args) || strings.IndexByte(query, '\\') >= 0 {
		return nil, nil, false, nil
	}
	if len(query) < 6 || !repeats[strings.ToUpper(query[:6])] {
		return nil, nil, false, nil
	}
	values = make([]any, len(args))
	for i, a := range args {
		if values[i], ok = bound(a); !ok {
			return nil, nil, false, nil
		}
	}
	s, err = t.writer.prepared(ctx, query)
	return s, values, true, err
}

// repeats are the beginnings of statements that are worth keeping.
var repeats = map[string]bool{"SELECT": true, "INSERT": true, "UPDATE": true, "DELETE": true}

// bound gives an argument as the engine stores it, the same as bun writes it;
// ok is false for what only bun can write (lists, names, structs).
func bound(a any) (any, bool) {
	switch v := a.(type) {
	case nil, string, int64, float64, bool:
		return v, true
	case json.RawMessage:
		return string(v), v != nil
	case []byte:
		if v == nil {
			return nil, true
		}
		return v, true
	case schema.QueryAppender:
		return nil, false
	}
	r := reflect.ValueOf(a)
	switch r.Kind() {
	case reflect.String:
		return r.String(), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), true
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(r.Uint()), true
	case reflect.Bool:
		return r.Bool(), true
	case reflect.Float32, reflect.Float64:
		return r.Float(), true
	}
	return nil, false
}

// rows runs a query by its kept statement; ok is false if bun must run it.
func (t *Tx) rows(ctx context.Context, query string, args []any) (rows *sql.Rows, ok bool, err error) {
	s, values, ok, err := t.bind(ctx, query, args)
	if !ok || err != nil {
		return nil, ok, err
	}
	rows, err = s.QueryContext(ctx, values...)
	return rows, true, err
}

// get is Get by a kept statement.
func (t *Tx) get(ctx context.Context, rows *sql.Rows, dest []any) error {
	if len(dest) == 1 {
		if d := reflect.ValueOf(dest[0]); d.Kind() == reflect.Pointer && d.Elem().Kind() == reflect.Slice && d.Elem().Type().Elem().Kind() != reflect.Uint8 {
			return t.writer.db.ScanRows(ctx, rows, dest...)
		}
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := t.writer.db.ScanRow(ctx, rows, dest...); err != nil {
		return err
	}
	return rows.Close()
}
